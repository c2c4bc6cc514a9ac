//go:build linux

package node_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// elsewhere is a machine whose own places are in a folder, and of whose processes only some are there. It keeps what
// was printed.
type elsewhere struct {
	local
	dir     string
	pids    []int
	printed *strings.Builder
}

func (e elsewhere) Run(ctx context.Context, script string) ([]byte, error) {
	processes := "/dev/null"
	for _, p := range e.pids {
		processes += fmt.Sprintf(" /proc/%d/cmdline", p)
	}
	out, err := e.local.Run(ctx, strings.NewReplacer(
		"/proc/[0-9]*/cmdline",
		processes,
		"config=/var/lib/",
		"config="+e.dir+"/var/lib/",
		"/etc/kubernetes/",
		e.dir+"/etc/kubernetes/",
		"/run/containerd/",
		e.dir+"/run/containerd/",
		"/var/run/",
		e.dir+"/var/run/",
	).Replace(script))
	e.printed.Write(out)
	return out, err
}

// kubelet starts a process that looks like one.
func kubelet(t *testing.T, args ...string) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/bin/sh")
	cmd.Args = append([]string{args[0], "-c", "read forever; exit 0"}, args[1:]...)
	stdin, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Wait() })
	return cmd.Process.Pid
}

// socket makes one.
func socket(t *testing.T, dir, name string) {
	t.Helper()
	write(t, dir, map[string]string{name + ".folder": ""})
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(dir, name))
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
}

// answers are programs of each kind that have nothing to show.
func answers() map[string]string {
	return map[string]string{
		"crictl":    `#!/bin/sh` + "\n" + `echo '{"containers":[]}'` + "\n",
		"docker":    "#!/bin/sh\n",
		"systemctl": "#!/bin/sh\necho failed; exit 3\n",
	}
}

func TestKubelet(t *testing.T) {
	const (
		file     = "var/lib/kubelet/config.yaml"
		flags    = "var/lib/kubelet/kubeadm-flags.env"
		endpoint = "containerRuntimeEndpoint: unix://@/run/"

		containerd = "run/containerd/containerd.sock"
		crio       = "var/run/crio/crio.sock"
		docker     = "var/run/docker.sock"
		dockershim = "var/run/dockershim.sock"

		// The program that is found, and where.
		crictlAtContainerd = "crictl unix://@/" + containerd
		crictlAtCRIO       = "crictl unix://@/" + crio
		dockerAtDocker     = "docker unix://@/" + docker
	)
	podsInA := map[string]string{file: "staticPodPath: @/a\n"}
	for _, c := range []struct {
		name      string
		settings  node.Settings // relative to the folder
		processes []string      // command lines; @ is the folder
		files     map[string]string
		sockets   []string
		dir       string
		runtime   string
		running   bool
	}{
		{
			name:      "its configuration file",
			processes: []string{"/usr/bin/kubelet --v=2 --config=@/" + file},
			files:     map[string]string{file: "containerRuntimeEndpoint: \"\"\nstaticPodPath: @/a # pods\n"},
			sockets:   []string{containerd},
			dir:       "a", runtime: crictlAtContainerd, running: true,
		},
		{
			name: "its flags before its file",
			processes: []string{"kubelet --config @/other --container-runtime=remote " +
				"--container-runtime-endpoint @/run/x.sock --pod-manifest-path=@/a --pod-manifest-path=@/b"},
			files: map[string]string{
				"other": "staticPodPath: @/c\n" + endpoint + "y.sock\n",
				file:    "staticPodPath: @/d\n",
			},
			dir: "b", runtime: "crictl unix://@/run/x.sock", running: true,
		},
		{
			name:      "a setting twice",
			processes: []string{"kubelet --config=@/" + file},
			files: map[string]string{
				file: "staticPodPath: @/a\n" + endpoint + "y.sock\nx:\n" +
					"  staticPodPath: @/b\n  " + endpoint + "z.sock\n",
			},
			dir: "a", runtime: "crictl unix://@/run/y.sock", running: true,
		},
		{
			name:      "a file of JSON",
			processes: []string{"kubelet --config=@/other"},
			files: map[string]string{
				"other": "{\n  \"containerRuntimeEndpoint\": \"unix://@/run/y.sock\",\n" +
					"  \"staticPodPath\": \"@/a\"\n}\n",
			},
			dir: "a", runtime: "crictl unix://@/run/y.sock", running: true,
		},
		{
			name:      "what the operator says",
			settings:  node.Settings{KubeletConfig: "mine", ManifestDir: "a"},
			processes: []string{"kubelet --config=@/other --pod-manifest-path=@/b"},
			files: map[string]string{
				"other": endpoint + "y.sock\n",
				"mine":  "staticPodPath: @/c\n" + endpoint + "z.sock\n",
			},
			dir: "a", runtime: "crictl unix://@/run/z.sock",
		},
		{
			name:     "one of two",
			settings: node.Settings{KubeletConfig: "mine"},
			processes: []string{
				"kubelet --config=@/other",
				"/bin/kubelet --config=@/mine --pod-manifest-path=@/b",
			},
			dir: "b", runtime: crictlAtContainerd, running: true,
		},
		{
			name:      "not a kubelet",
			processes: []string{"vim kubelet --pod-manifest-path=@/b", "kubelet-check --pod-manifest-path=@/b"},
			files:     map[string]string{file: "staticPodPath: '@/a'\n"},
			dir:       "a", runtime: crictlAtContainerd,
		},
		{
			name: "what kubeadm wrote, for one that does not run",
			files: map[string]string{
				file: "staticPodPath: @/a\r\n",
				flags: "KUBELET_KUBEADM_ARGS=\"--container-runtime=remote " +
					"--container-runtime-endpoint=unix://@/run/q.sock --pod-infra-container-image=$(touch @/oops)\"\n",
			},
			dir: "a", runtime: "crictl unix://@/run/q.sock",
		},
		{
			name:      "dockershim",
			processes: []string{"kubelet --config=@/" + file + " --network-plugin=cni"},
			files:     podsInA,
			sockets:   []string{containerd, docker, dockershim},
			dir:       "a", runtime: dockerAtDocker, running: true,
		},
		{
			name: "docker is not the runtime",
			processes: []string{
				"kubelet --container-runtime=remote --container-runtime-endpoint=unix://@/" + containerd,
			},
			files:   podsInA,
			sockets: []string{containerd, docker, dockershim},
			dir:     "a", runtime: crictlAtContainerd, running: true,
		},
		{
			name:    "docker is there and has no pods",
			files:   podsInA,
			sockets: []string{containerd, docker},
			dir:     "a", runtime: crictlAtContainerd,
		},
		{name: "CRI-O", files: podsInA, sockets: []string{crio, docker}, dir: "a", runtime: crictlAtCRIO},
		{name: "docker alone", files: podsInA, sockets: []string{docker}, dir: "a", runtime: dockerAtDocker},
	} {
		t.Run(c.name, func(t *testing.T) {
			inEachShell(t, func(t *testing.T, _ *node.Node, l local, _ string) {
				dir := t.TempDir()
				here := func(s string) string { return strings.ReplaceAll(s, "@", dir) }
				for name, text := range c.files {
					write(t, dir, map[string]string{name: here(text)})
				}
				for _, d := range []string{"a", "b", "c", "d"} {
					write(t, dir, map[string]string{d + "/pod": d})
				}
				for _, s := range c.sockets {
					socket(t, dir, s)
				}
				l.path = replay(t, dir, "", answers())
				runner := elsewhere{local: l, dir: dir, printed: &strings.Builder{}}
				for _, p := range c.processes {
					runner.pids = append(runner.pids, kubelet(t, strings.Fields(here(p))...))
				}
				s := node.Settings{Name: "m1", WorkDir: filepath.Join(dir, "work")}
				if c.settings.KubeletConfig != "" {
					s.KubeletConfig = filepath.Join(dir, c.settings.KubeletConfig)
				}
				if c.settings.ManifestDir != "" {
					s.ManifestDir = filepath.Join(dir, c.settings.ManifestDir)
				}
				found, err := node.New(s, runner).Look(t.Context())
				must(t, err)
				if got := found.Runtime.Client + " " + found.Runtime.Endpoint; got != here(c.runtime) {
					t.Errorf("runtime %s, want %s", got, here(c.runtime))
				}
				if found.ManifestDir != filepath.Join(dir, c.dir) || len(found.Files) != 1 {
					t.Errorf("manifests in %s: %d", found.ManifestDir, len(found.Files))
				}
				if k := found.Kubelet; k.Running != c.running || k.Service != "failed" || (k.Age > 0) != c.running ||
					k.Age > 10*time.Minute {
					t.Errorf("kubelet %+v", k)
				}
				if _, err := exec.LookPath(filepath.Join(dir, "oops")); err == nil {
					t.Error("a setting was interpreted")
				}
			})
		})
	}
}

// TestKubeletCertificate never sees a private key, however the file is.
func TestKubeletCertificate(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	der, err := x509.CreateCertificate(
		rand.Reader,
		&x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now()},
		&x509.Certificate{},
		public,
		private,
	)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	cert := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	inConfig := "    client-certificate-data: " + base64.StdEncoding.EncodeToString([]byte(cert+key)) + "\n" +
		"    client-key-data: " + base64.StdEncoding.EncodeToString([]byte(key)) + "\n"
	unended := cert[:strings.Index(cert, "-----END")]
	for _, c := range []struct {
		name, kubeconfig, file string
		found                  bool
	}{
		{"certificate, then key", "    client-certificate: @/both.pem\n    client-key: @/both.pem\n", cert + key, true},
		{"key, then certificate", "    client-certificate: both.pem\n", key + cert, true},
		{"certificate without an end", "    client-certificate: @/both.pem\n", unended + key, false},
		{"no line breaks", "    client-certificate: @/both.pem\n", strings.ReplaceAll(cert+key, "\n", "\r"), false},
		{"key alone", "    client-certificate: @/both.pem\n", key, false},
		{"in the kubeconfig", inConfig, "", true},
		{"no file", "    client-certificate: @/none.pem\n", "", false},
		{"no kubeconfig", "", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inEachShell(t, func(t *testing.T, _ *node.Node, l local, _ string) {
				dir := t.TempDir()
				write(
					t,
					dir,
					map[string]string{
						"both.pem":     c.file,
						"kubelet.conf": "users:\n- user:\n" + strings.ReplaceAll(c.kubeconfig, "@", dir),
						"pods/one":     "",
					},
				)
				l.path = replay(t, dir, "", answers())
				runner := elsewhere{
					local:   l,
					dir:     dir,
					printed: &strings.Builder{},
					pids: []int{
						kubelet(t, "kubelet", "--pod-manifest-path="+dir+"/pods", "--kubeconfig="+dir+"/kubelet.conf"),
					},
				}
				found, err := node.New(node.Settings{Name: "m1"}, runner).Look(t.Context())
				must(t, err)
				if got := string(found.Kubelet.Certificate); c.found && got+"\n" != cert || !c.found && got != "" {
					t.Errorf("certificate %q", got)
				}
				if c.found && found.Kubelet.CertFile == "" {
					t.Error("without its place")
				}
				if strings.Contains(runner.printed.String(), key[28:60]) {
					t.Fatal("a private key was read")
				}
				for _, word := range strings.Fields(runner.printed.String()) {
					text, err := base64.StdEncoding.DecodeString(word)
					if err == nil && strings.Contains(string(text), key[28:60]) {
						t.Fatalf("a private key was read: %q", text)
					}
				}
			})
		})
	}
}
