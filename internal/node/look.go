package node

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// File is a file as it was read.
type File struct {
	Path string
	Text []byte
}

// Pods is what a first look at a master finds: what the kubelet reads and what the container runtime runs.
type Pods struct {
	HostName    string
	Kubelet     Kubelet
	ManifestDir string
	// Every file the kubelet reads: each that does not start with a dot, whatever its name (kubernetes#129364).
	Files      []File
	ParkedDir  string // where manifests wait outside the kubelet's folder
	Parked     []File // those that are there, oldest first
	Named      string // the name of etcd's file, "" where any may be it
	Journals   []File
	Signs      []string // the first path for each of those patterns that were asked for, where there is one
	Runtime    Runtime
	Containers []Container // of all pods, running and exited; newest first
	// Where there is no folder of manifests: that the rest was looked for, and what is there of Kubernetes or etcd.
	Looked    bool
	Traces    []string
	Addresses []netip.Prefix // of the machine, most of them single; none where they could not be read
	NonLocal  bool           // sockets may be bound to other addresses as well
}

// MayBeEtcd returns those files that may be etcd's manifest: all, or the one that the operator names.
func (s Settings) MayBeEtcd(files []File) []File {
	if s.Manifest == "" {
		return files
	}
	return slices.DeleteFunc(slices.Clone(files), func(f File) bool { return path.Base(f.Path) != s.Manifest })
}

// Bare reports whether there is nothing of Kubernetes and of etcd on a node: no folder of manifests, no kubelet, no
// process of etcd, and nothing that listens at its ports.
func (p *Pods) Bare() bool { return p.Looked && len(p.Traces) == 0 }

// HasAddress reports whether an address is one of the node's own, or may be taken for one. It is true where that is not
// known.
func (p *Pods) HasAddress(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	seen := false
	for _, own := range p.Addresses {
		seen = seen || own.Addr().Is4() == a.Is4()
		if own.Contains(a) {
			return true
		}
	}
	return !seen || p.NonLocal || a.IsLoopback() || a.IsUnspecified()
}

// Look reads the kubelet's folder, what was parked, the journals and the containers, and looks for files and folders by
// the shell's patterns of absolute paths. One round trip. Where a master has no static pod folder (ErrNoManifestDir),
// or no runtime that answers (ErrNoRuntime), what else was found is returned with the error.
func (n *Node) Look(ctx context.Context, signs ...string) (*Pods, error) {
	return n.look(
		ctx,
		script("parts", "kubelet", "manifests", "look", "addresses", "path", "bare", crictl, ctr, docker, "discover"),
		signs...,
	)
}

// Manifests reads the kubelet's folder alone, for which the container runtime is not asked. One round trip.
func (n *Node) Manifests(ctx context.Context) ([]File, error) {
	p, err := n.look(ctx, script("parts", "kubelet", "manifests"))
	if err != nil {
		return nil, err
	}
	return p.Files, nil
}

// parseAddresses reads what addresses.sh prints.
func parseAddresses(lines string) []netip.Prefix {
	var all []netip.Prefix
	for _, line := range strings.Fields(lines) {
		if p, err := netip.ParsePrefix(line); err == nil {
			all = append(all, p)
			continue
		}
		if raw, err := hex.DecodeString(line); err == nil {
			if a, ok := netip.AddrFromSlice(raw); ok {
				all = append(all, netip.PrefixFrom(a, a.BitLen()))
			}
		}
	}
	return all
}

func (n *Node) look(ctx context.Context, script string, signs ...string) (*Pods, error) {
	records, err := n.read(ctx, script, append([]string{n.KubeletConfig, n.ManifestDir, n.WorkDir}, signs...)...)
	if err != nil {
		return nil, fmt.Errorf("looking at %s: %w", n.Name, err)
	}
	p := &Pods{Named: n.Manifest, ParkedDir: n.ParkedDir()}
	var tried []string
	var missing error // the first of what a master cannot do without
	lacks := func(err error) {
		if missing == nil {
			missing = err
		}
	}
	for _, r := range records {
		f := File{Path: r.field(0), Text: []byte(r.field(1))}
		switch r.kind {
		case "host":
			p.HostName = r.field(0)
		case "kubelet":
			p.Kubelet.Service = r.field(1)
			p.Kubelet.Running = r.field(0) != "" || r.field(1) == "active"
			age, _ := strconv.Atoi(r.field(2))
			p.Kubelet.Age = time.Duration(age) * time.Second
		case "certificate":
			p.Kubelet.CertFile, p.Kubelet.Certificate = r.field(0), f.Text
		case "manifests":
			p.ManifestDir = r.field(0)
		case "nomanifests":
			if r.field(0) == "" {
				lacks(
					fmt.Errorf(
						"%w: %s has no staticPodPath in %s and no --pod-manifest-path, and manifest_dir is not set "+
							"for this node",
						ErrNoManifestDir,
						n.Name,
						r.field(1),
					),
				)
			} else {
				lacks(fmt.Errorf("%w: %s on %s is not there", ErrNoManifestDir, r.field(0), n.Name))
			}
		case "pod":
			p.Files = append(p.Files, f)
		case "parked":
			p.Parked = append(p.Parked, f)
		case "journal":
			p.Journals = append(p.Journals, f)
		case "sign":
			p.Signs = append(p.Signs, r.field(0))
		case "addresses":
			p.Addresses = parseAddresses(r.field(0))
		case "nonlocal":
			p.NonLocal = true
		case "bare":
			p.Looked = true
		case "trace":
			if !slices.Contains(p.Traces, r.field(0)) {
				p.Traces = append(p.Traces, r.field(0))
			}
		case "runtime":
			p.Runtime = Runtime{Client: r.field(0), Endpoint: r.field(1)}
		case "tried":
			tried = append(tried, r.field(0)+": "+strings.TrimSpace(r.field(1)))
		case "noruntime":
			lacks(noRuntime(n.Name, r.field(0), tried))
		case "containers":
			if p.Containers, err = p.Runtime.parseContainers([]byte(r.field(0))); err != nil {
				lacks(fmt.Errorf("containers of %s: %w", n.Name, err))
			}
		}
	}
	return p, missing
}

// Paths are the places on the master that its etcd manifest names, already resolved through its volumes.
type Paths struct {
	DataDir string
	WALDir  string // "" when it is within DataDir
	Certs   map[string]string
	Keys    []string
	Image   string
}

// Disk is what a second look finds at those places.
type Disk struct {
	Segments  []string // names of the WAL's files
	Snapshots []string // names of the files beside the database that end in .snap or .snap.db
	Stamp     string   // of the files of log and database; it is another one when they were written to
	Database  bool     // member/snap/db is there
	Empty     bool     // neither data nor WAL folder holds anything but lost+found, and that is proved
	// Why what is missing in the folders of data and WAL is no proof that it is lost: a mount is missing, or a folder
	// cannot be read. "" where nothing is missing, or the absence is proved.
	EmptyUnknown string
	NotMounted   string // the place of a mount that is missing, in which data is all the same
	Mount        string // where the file system of the data folder is mounted; "" where that is not known
	Foreign      string // what is in a data folder that has no member/
	DataBytes    int64  // used by data and WAL
	FreeBytes    int64  // on the data folder's file system
	OldData      string
	OldWAL       string
	Image        bool
	NoPause      string // the image of pod sandboxes, where it is known and not there
	Certs        map[string][]byte
	MissingPKI   []string
	Symlinks     []string // in the place of data folders
	WALMount     bool     // the WAL folder is a mount point itself
	WALFree      int64    // on the file system of a WAL folder of its own
}

// Disk reads the state of data, WAL, certificates and image. Private keys are only looked for. One round trip.
func (n *Node) Disk(ctx context.Context, p Paths, rt Runtime) (*Disk, error) {
	image := p.Image
	if rt.Client == ctr {
		image = fullReference(image)
	}
	args := []string{p.DataDir, p.WALDir, image}
	for _, use := range sortedKeys(p.Certs) {
		args = append(args, "cert", use, p.Certs[use])
	}
	for _, k := range p.Keys {
		args = append(args, "key", k)
	}
	records, err := n.read(ctx, rt.script(Workload{}, "stamp", "mounts", "folder", "disk"), args...)
	if err != nil {
		return nil, fmt.Errorf("reading the data folder of %s: %w", n.Name, err)
	}
	d := &Disk{Certs: map[string][]byte{}}
	places := placesOf(records)
	for _, r := range records {
		switch r.kind {
		case "segment":
			d.Segments = append(d.Segments, r.field(0))
		case "snapshot":
			d.Snapshots = append(d.Snapshots, r.field(0))
		case "stamp":
			d.Stamp = r.field(0)
		case "database":
			d.Database = true
		case "foreign":
			d.Foreign = r.field(0)
		case "empty":
			d.Empty = true
		case "used":
			d.DataBytes = kib(r.field(0))
		case "free":
			d.FreeBytes = kib(r.field(0))
		case "olddata":
			d.OldData = r.field(0)
		case "oldwal":
			d.OldWAL = r.field(0)
		case "image":
			d.Image = true
		case "nopause":
			d.NoPause = r.field(0)
		case "cert":
			d.Certs[r.field(0)] = []byte(r.field(1))
		case "missing":
			d.MissingPKI = append(d.MissingPKI, r.field(0))
		case "symlink":
			d.Symlinks = append(d.Symlinks, r.field(0))
		case "walmount":
			d.WALMount = true
		case "walfree":
			d.WALFree = kib(r.field(0))
		}
	}
	d.prove(p, places)
	return d, nil
}

// Readable is true when both log and database are there, so that etcd could be started with them.
func (d *Disk) Readable() bool { return len(d.Segments) > 0 && d.Database }

func kib(s string) int64 {
	k, _ := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return k << 10
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// journalPath is the place of the journal of a name.
func (n *Node) journalPath(name string) string { return path.Join(n.WorkDir, name+".journal") }
