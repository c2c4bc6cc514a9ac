package survey

import (
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// FindManifest finds etcd's manifest among the files of the kubelet's folder, or where we parked it, and says what is
// wrong with it.
func FindManifest(e *recovery.Evidence, pods *node.Pods) (*manifest.Manifest, []string) {
	var (
		found    *manifest.Manifest
		file     node.File
		problems []string
		broken   []string
	)
	for _, f := range pods.Files {
		if pods.Named != "" && path.Base(f.Path) != pods.Named {
			continue
		}
		m, err := manifest.Parse(f.Text)
		var owned *manifest.DistributionError
		switch {
		case errors.As(err, &owned):
			if e.Owner == nil { // kOps has two etcds
				e.Owner = &recovery.Owner{Name: owned.Name, Path: f.Path, Sign: owned.Sign}
				problems = append(problems, e.NotHere()...)
			}
		case errors.Is(err, manifest.ErrNotPod), errors.Is(err, manifest.ErrNoEtcd), errors.Is(err, manifest.ErrSyntax):
			// A file that the kubelet may still read as etcd's pod is named whatever it is called.
			_, pod, isPod := manifest.Identify(f.Text)
			if strings.HasPrefix(path.Base(f.Path), "etcd") || isPod && pod == "etcd" {
				broken = append(broken, fmt.Sprintf("%s: %v", f.Path, err))
			}
		case err != nil:
			problems = append(problems, fmt.Sprintf("%s: %v", f.Path, err))
		case found != nil && found.SamePod(m):
			problems = append(problems, samePod(file.Path, f.Path, m, pods.ManifestDir))
		case found != nil:
			problems = append(
				problems,
				fmt.Sprintf(
					"%s and %s are both etcd pods, and which one to recover cannot be told: set manifest for this "+
						"node (manifest = %q), then plan again",
					file.Path,
					f.Path,
					path.Base(file.Path),
				),
			)
		default:
			found, file = m, f
		}
	}
	if found != nil {
		for _, f := range pods.Files {
			if ns, pod, ok := manifest.Identify(
				f.Text,
			); ok && f.Path != file.Path && ns == found.Namespace() && pod == found.PodName() &&
				len(problems) == 0 {
				problems = append(problems, samePod(file.Path, f.Path, found, pods.ManifestDir))
			}
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	parked := parkedOriginal(pods, cmp.Or(file.Path, pods.Named))
	switch {
	case found != nil && !found.Forced():
		e.ManifestPath, e.Manifest = file.Path, string(file.Text)
		return found, nil
	case found != nil && parked == nil: // what its member says is evidence all the same
		e.ManifestPath, e.Manifest = file.Path, string(file.Text)
		return found, []string{
			fmt.Sprintf(
				"%s has the force-new-cluster flag in it, and no journal of ours says why: at each start etcd throws "+
					"all other members out. "+
					"Take the flag out of the file when you know who put it there, with what a forced start of ours "+
					"adds besides: -force-new-cluster in the pod's name, and timers of 10 and 100 ms; then plan "+
					"again",
				file.Path,
			),
		}
	case parked != nil:
		m, err := manifest.Parse(parked.Text)
		if err != nil {
			return nil, []string{fmt.Sprintf("%s: %v", parked.Path, err)}
		}
		e.ManifestPath, e.Manifest, e.Parked = path.Join(pods.ManifestDir, path.Base(parked.Path)), string(
			parked.Text,
		), parked.Path
		return m, nil
	}
	e.NoManifest = true
	if len(broken) == 0 {
		broken = []string{noManifest(pods)}
	}
	return nil, append(e.NotHere(), broken...)
}

// noManifest says how a manifest that is missing is put back. In the kubelet's folder it would start etcd at once, with
// whatever data is there.
func noManifest(pods *node.Pods) string {
	if pods.Named != "" {
		return fmt.Sprintf(
			"there is no etcd static pod in %s, which manifest names for this node: put etcd's manifest into %s (make "+
				"that folder first), where it is read and starts nothing, or set manifest to its name, then plan "+
				"again",
			path.Join(pods.ManifestDir, pods.Named),
			path.Join(pods.ParkedDir, pods.Named),
		)
	}
	return fmt.Sprintf(
		"no file in %s is an etcd static pod: put etcd's manifest into %s (make that folder first), where it is read "+
			"and starts nothing, or set manifest_dir for this node, then plan again",
		pods.ManifestDir,
		path.Join(pods.ParkedDir, "etcd.yaml"),
	)
}

// otherManifests are the names of the pods in the other files of the kubelet's folder, in the namespace of etcd's.
func otherManifests(pods *node.Pods, etcd string, m *manifest.Manifest) []string {
	var names []string
	for _, f := range pods.Files {
		ns, name, ok := manifest.Identify(f.Text)
		if ok && path.Base(f.Path) != path.Base(etcd) && ns == m.Namespace() && name != m.PodName() {
			names = append(names, name)
		}
	}
	return names
}

func samePod(one, other string, m *manifest.Manifest, dir string) string {
	return fmt.Sprintf(
		"%s and %s are both the pod %s/%s: the kubelet reads every file that does not start with a dot and may run "+
			"either. Move one of them out of %s, then plan again",
		one,
		other,
		m.Namespace(),
		m.PodName(),
		dir,
	)
}

// parkedOriginal is the manifest that we moved away and that has to come back: the one parked under the same file name
// as what is in the kubelet's folder now, or the only one.
func parkedOriginal(pods *node.Pods, inPlace string) *node.File {
	for i, f := range pods.Parked {
		if inPlace == "" || path.Base(inPlace) == path.Base(f.Path) {
			if m, err := manifest.Parse(f.Text); err == nil && !m.Forced() {
				return &pods.Parked[i]
			}
		}
	}
	return nil
}

// hostPKI are the places of the certificates on the master.
type hostPKI struct {
	ca, cert, key                   string
	healthcheckCert, healthcheckKey string // kubeadm's own pair for clients, beside the server's
	peerCA, peerCert, peerKey       string
}

func pkiOnHost(m *manifest.Manifest) hostPKI {
	host := func(p string) string {
		if p == "" {
			return ""
		}
		h, err := m.HostPath(p)
		if err != nil {
			return ""
		}
		return h
	}
	p := m.PKI()
	pki := hostPKI{
		ca: host(p.TrustedCAFile), cert: host(p.CertFile), key: host(p.KeyFile),
		peerCA: host(p.PeerTrustedCAFile), peerCert: host(p.PeerCertFile), peerKey: host(p.PeerKeyFile),
	}
	if pki.cert != "" {
		dir := path.Dir(pki.cert)
		pki.healthcheckCert, pki.healthcheckKey = path.Join(dir, "healthcheck-client.crt"), path.Join(
			dir,
			"healthcheck-client.key",
		)
	}
	return pki
}

// pathsOf resolves what the manifest names to places on the master.
func pathsOf(m *manifest.Manifest) (node.Paths, []string) {
	var problems []string
	p := node.Paths{Image: m.Image(), Certs: map[string]string{}}
	resolve := func(what, in string) string {
		h, err := m.HostPath(in)
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", what, err))
		}
		return h
	}
	p.DataDir = resolve("--data-dir", m.DataDir())
	if m.WALDir() != "" {
		p.WALDir = resolve("--wal-dir", m.WALDir())
	}
	pki := m.PKI()
	for flag, in := range map[string]string{
		"--trusted-ca-file":      pki.TrustedCAFile,
		"--cert-file":            pki.CertFile,
		"--peer-trusted-ca-file": pki.PeerTrustedCAFile,
		"--peer-cert-file":       pki.PeerCertFile,
	} {
		if in != "" {
			p.Certs[flag] = resolve(flag, in)
		}
	}
	for flag, in := range map[string]string{"--key-file": pki.KeyFile, "--peer-key-file": pki.PeerKeyFile} {
		if in != "" {
			p.Keys = append(p.Keys, resolve(flag, in))
		}
	}
	slices.Sort(problems)
	slices.Sort(p.Keys)
	if len(m.PeerURLs()) == 0 {
		problems = append(
			problems,
			"the manifest has no --initial-advertise-peer-urls: other members could not reach this one",
		)
	}
	return p, problems
}

// certificateProblems looks for what would keep etcd from starting or from being believed by its peers.
func certificateProblems(name string, d *node.Disk, now time.Time) []string {
	var problems []string
	for _, f := range d.MissingPKI {
		problems = append(
			problems,
			fmt.Sprintf(
				"the certificate or key file %s, which the manifest names, is missing or unreadable on %s: restore "+
					"it or have kubeadm make it (kubeadm init phase certs), then plan again",
				f,
				name,
			),
		)
	}
	for _, flag := range slices.Sorted(maps.Keys(d.Certs)) {
		block, _ := pem.Decode(d.Certs[flag])
		if block == nil {
			problems = append(problems, fmt.Sprintf("the file of %s on %s holds no PEM certificate", flag, name))
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			problems = append(problems, fmt.Sprintf("the certificate of %s on %s cannot be read: %v", flag, name, err))
			continue
		}
		switch {
		case now.After(cert.NotAfter):
			problems = append(
				problems,
				fmt.Sprintf(
					"the certificate of %s on %s expired on %s: renew it (kubeadm certs renew etcd-server etcd-peer "+
						"etcd-healthcheck-client), then plan again",
					flag,
					name,
					cert.NotAfter.UTC().Format(time.DateTime),
				),
			)
		case now.Before(cert.NotBefore):
			problems = append(
				problems,
				fmt.Sprintf(
					"the certificate of %s on %s is not valid before %s: is a clock wrong?",
					flag,
					name,
					cert.NotBefore.UTC().Format(time.DateTime),
				),
			)
		}
	}
	return problems
}

// ForcedManifest is the path of a manifest with the force flag, "" where none has it.
func ForcedManifest(files []node.File) string {
	for _, f := range files {
		if pod, err := manifest.Parse(f.Text); err == nil && pod.Forced() {
			return f.Path
		}
	}
	return ""
}
