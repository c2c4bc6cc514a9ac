//go:build linux

package node_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// What stands in testdata was printed by ctr 1.6.20 and 2.1.4 and by docker 20.10.24, for a container that was made
// through the CRI, or with dockershim's labels. These replay it; a kill or a stop takes effect.
const (
	replayCtr = `#!/bin/sh
cd "${0%/*}" || exit 1
case $* in
  *' tasks kill '*) echo "$*" >>killed; for id; do :; done; sed "s/^\($id .*\)RUNNING/\1STOPPED/" tasks >t && mv t tasks;;
  *' tasks ls') cat tasks;;
  *' containers info '*) cat info;;
  *'containers ls -q labels."io.cri-containerd.kind"==container'*' labels."io.cri-containerd.kind"==sandbox,labels."io.kubernetes.pod.namespace"=="kube-system",labels."io.kubernetes.pod.name"~="^etcd-"') cat containers sandboxes;;
  *'containers ls -q labels."io.cri-containerd.kind"==container'*) cat containers;;
  *'containers ls -q labels."io.cri-containerd.kind"==sandbox,labels."io.kubernetes.pod.namespace"=="kube-system",labels."io.kubernetes.pod.name"~="^etcd-"') cat sandboxes;;
  *' images ls -q name=="registry.k8s.io/etcd:3.5.15-0"') echo registry.k8s.io/etcd:3.5.15-0;;
  *' images ls '*) echo "$*" >>asked;;
  *) echo "ctr: unknown command: $*" >&2; exit 1;;
esac
`
	replayDocker = `#!/bin/sh
cd "${0%/*}" || exit 1
case $* in
  *' ps -a -q '*) cut -f 1 list;;
  *' ps -a '*) cat list;;
  *' ps --no-trunc --filter label=io.kubernetes.docker.type=container '*) cat container;;
  *' ps --no-trunc --filter label=io.kubernetes.docker.type=podsandbox '*) cat podsandbox;;
  *' inspect --type container '*) cat inspect;;
  *' stop -t 30 '*) echo "$*" >>killed; for id; do :; done; for f in container podsandbox; do sed "/^$id/d" $f >t; mv t $f; done; sed 's/Up 1 second/Exited (0) 1 second ago/' list >t; mv t list;;
  *' image inspect registry.k8s.io/etcd:3.5.15-0') ;;
  *' image inspect '*) exit 1;;
  *' logs --tail 10 '*) printf 'one\n' >&2; printf 'two\n';;
  *) echo "docker: unknown command: $*" >&2; exit 1;;
esac
`
	brokenCrictl = "#!/bin/sh\necho 'FATA validate service connection' >&2; exit 1\n"
)

// replay makes a folder with programs and what they print.
func replay(t *testing.T, dir, golden string, programs map[string]string) string {
	t.Helper()
	bin := filepath.Join(dir, "bin")
	must(t, os.Mkdir(bin, 0o755))
	if programs["systemctl"] == "" {
		must(
			t,
			os.WriteFile(filepath.Join(bin, "systemctl"), []byte("#!/bin/sh\n"), 0o755),
		) //nolint:gosec // a command has to be executable
	}
	for name, text := range programs {
		must(
			t,
			os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755),
		) //nolint:gosec // a command has to be executable
	}
	if golden != "" {
		must(t, os.CopyFS(bin, os.DirFS(filepath.Join("testdata", golden))))
	}
	return bin
}

// onPath is the node with programs before all others.
func onPath(n *node.Node, l local, bin string) *node.Node {
	l.path = bin
	return node.New(n.Settings, l)
}

var etcd = node.Workload{Namespace: "kube-system", Pod: "etcd", Container: "etcd"}

func TestClients(t *testing.T) {
	for _, c := range []struct {
		golden, socket string
		runtime        node.Runtime
		programs       map[string]string
		created        string
		attempt        int
		args           []string
	}{
		{"ctr-1.6", "/run/containerd/containerd.sock", node.Runtime{Client: "ctr", Endpoint: "unix:///run/containerd/containerd.sock"},
			map[string]string{"crictl": brokenCrictl, "ctr": replayCtr}, "2026-11-22", 2, []string{"/usr/local/bin/etcd", "--name=m1", `--experimental="x y"`}},
		{"ctr-2.1", "unix:///run/k3s/containerd/containerd.sock", node.Runtime{Client: "ctr", Endpoint: "unix:///run/k3s/containerd/containerd.sock"},
			map[string]string{"crictl": brokenCrictl, "ctr": replayCtr}, "2026-11-22", 2, []string{"/usr/local/bin/etcd", "--name=m1", `--experimental="x y"`}},
		{"docker-20.10", "unix:///run/cri-dockerd.sock", node.Runtime{Client: "docker", Endpoint: "unix:///var/run/docker.sock"},
			map[string]string{"crictl": brokenCrictl, "docker": replayDocker}, "2026-11-22", 3, []string{"/usr/local/bin/etcd", "--name=m1", `--x="a b"`}},
		{"docker-20.10", "unix:///var/run/dockershim.sock", node.Runtime{Client: "docker", Endpoint: "unix:///var/run/docker.sock"},
			map[string]string{"docker": replayDocker}, "2026-11-22", 3, []string{"/usr/local/bin/etcd", "--name=m1", `--x="a b"`}},
	} {
		t.Run(c.golden, func(t *testing.T) {
			inEachShell(t, func(t *testing.T, n *node.Node, l local, dir string) {
				bin := replay(t, dir, c.golden, c.programs)
				pods := filepath.Join(dir, "pods")
				write(t, dir, map[string]string{
					"config.yaml": "staticPodPath: \"" + filepath.Join(
						dir,
						"manifests",
					) + "\" # here\ncontainerRuntimeEndpoint: " + c.socket + "\n",
					"manifests/one": "",
					"pods/kube-system_etcd-m1_4a1b/etcd/2.log": "2026-11-22T22:12:46.0Z stderr F " +
						"gone\n2026-11-22T22:12:47.1Z stderr P on\n2026-11-22T22:12:47.1Z stderr F " +
						"e\n2026-11-22T22:12:47.2Z stdout F  two \n",
				})
				moveLogs(t, filepath.Join(bin, "info"), pods)
				n.KubeletConfig = filepath.Join(dir, "config.yaml")
				n = onPath(n, l, bin)

				found, err := n.Look(t.Context())
				must(t, err)
				if found.Runtime != c.runtime || len(found.Files) != 1 || len(found.Containers) != 1 {
					t.Fatalf("found %+v", found)
				}
				if files, err := n.Manifests(t.Context()); err != nil || !reflect.DeepEqual(files, found.Files) {
					t.Errorf("manifests %+v, %v", files, err)
				}
				id := found.Containers[0].ID
				if got := found.Containers[0]; !etcd.Is(got) || !got.Running || got.Attempt != c.attempt ||
					len(got.PodID) != 64 ||
					got.Created.Format(time.DateOnly) != c.created {
					t.Errorf("container %+v", got)
				}
				started, err := n.AwaitStarted(t.Context(), found.Runtime, etcd, nil, time.Second)
				must(t, err)
				if started.ID != id || !slices.Equal(started.Args, c.args) {
					t.Errorf("started %+v", started)
				}
				known, err := n.Known(t.Context(), found.Runtime, etcd)
				if err != nil || !slices.Equal(known, []string{id}) {
					t.Errorf("known %q, %v", known, err)
				}
				if _, err := n.AwaitStarted(
					t.Context(),
					found.Runtime,
					etcd,
					known,
					0,
				); !errors.Is(
					err,
					node.ErrNotStarted,
				) {
					t.Errorf("a known container is a new one: %v", err)
				}
				log, err := n.ContainerLog(t.Context(), found.Runtime, id, 10)
				must(t, err)
				if lines := strings.Fields(log); !slices.Equal(lines[len(lines)-2:], []string{"one", "two"}) {
					t.Errorf("log %q", log)
				}
				for image, there := range map[string]bool{"registry.k8s.io/etcd:3.5.15-0": true, "registry.k8s.io/etcd:3.5.16-0": false} {
					disk, err := n.Disk(t.Context(), node.Paths{DataDir: dir, Image: image}, found.Runtime)
					must(t, err)
					if disk.Image != there {
						t.Errorf("%s is there: %v", image, disk.Image)
					}
				}
				must(t, n.AwaitStopped(t.Context(), found.Runtime, etcd, 0))
				killed, err := os.ReadFile(filepath.Join(bin, "killed"))
				must(t, err)
				if got := regexp.MustCompile(`[0-9a-f]{64}`).
					FindAllString(string(killed), -1); len(got) != 2 || got[0] != id ||
					strings.Contains(string(killed), "SIGKILL") {
					t.Errorf("killed %q", killed)
				}
				all, err := n.Containers(t.Context(), found.Runtime, etcd)
				if err != nil || len(all) != 1 || all[0].Running {
					t.Errorf("then there is %+v, %v", all, err)
				}
			})
		})
	}
}

// moveLogs has the CRI plugin's record of a container name a log file below a folder of the test.
func moveLogs(t *testing.T, info, pods string) {
	t.Helper()
	text, err := os.ReadFile(info)
	if os.IsNotExist(err) {
		return
	}
	must(t, err)
	text = regexp.MustCompile(`"value": "[^"]*"`).ReplaceAllFunc(text, func(field []byte) []byte {
		value, err := base64.StdEncoding.DecodeString(strings.Trim(strings.TrimPrefix(string(field), `"value": `), `"`))
		must(t, err)
		return []byte(
			`"value": "` + base64.StdEncoding.EncodeToString(
				bytes.ReplaceAll(value, []byte("/var/log/pods"), []byte(pods)),
			) + `"`,
		)
	})
	must(t, os.WriteFile(info, text, 0o600))
}

// TestNoClient shows what is said when no program answers.
func TestNoClient(t *testing.T) {
	for _, c := range []struct {
		socket   string
		programs map[string]string
		words    []string
	}{
		{"unix:///run/containerd/containerd.sock", map[string]string{"crictl": brokenCrictl, "ctr": "#!/bin/sh\necho " +
			"'ctr: failed to dial' >&2; exit 1\n"},
			[]string{"on m1 answers at unix:///run/containerd/containerd.sock", "crictl: FATA validate service " +
				"connection; ctr: ctr: failed to dial"}},
		{"/var/run/crio/crio.sock", map[string]string{"crictl": brokenCrictl, "ctr": replayCtr}, []string{"unix:///var/run/crio/crio.sock", "FATA", "install"}},
		{"unix:///var/run/docker.sock", map[string]string{"docker": "#!/bin/sh\necho 'Cannot connect to the Docker " +
			"daemon' >&2; exit 1\n"}, []string{"docker: Cannot connect"}},
	} {
		dir := t.TempDir()
		write(
			t,
			dir,
			map[string]string{
				"config.yaml": "staticPodPath: " + dir + "\ncontainerRuntimeEndpoint: " + c.socket + "\n",
			},
		)
		n := node.New(
			node.Settings{Name: "m1", KubeletConfig: filepath.Join(dir, "config.yaml")},
			local{shell: []string{"/bin/sh"}, path: replay(t, dir, "", c.programs)},
		)
		_, err := n.Look(t.Context())
		if !errors.Is(err, node.ErrNoRuntime) {
			t.Fatalf("got %v", err)
		}
		for _, w := range c.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%v: does not say %q", err, w)
			}
		}
	}
}

// TestImageNames asks containerd for images by the names that the CRI plugin gives them.
func TestImageNames(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("ab", 32)
	dir := t.TempDir()
	bin := replay(t, dir, "ctr-1.6", map[string]string{"ctr": replayCtr})
	n := node.New(node.Settings{Name: "m1"}, local{shell: []string{"/bin/sh"}, path: bin})
	for image, want := range map[string]string{
		"etcd":                              "docker.io/library/etcd:latest",
		"etcd:3.5":                          "docker.io/library/etcd:3.5",
		"bitnami/etcd:3.5":                  "docker.io/bitnami/etcd:3.5",
		"docker.io/etcd":                    "docker.io/library/etcd:latest",
		"quay.io/coreos/etcd:v3.5.9":        "quay.io/coreos/etcd:v3.5.9",
		"localhost/etcd:1":                  "localhost/etcd:1",
		"registry:5000/etcd":                "registry:5000/etcd:latest",
		"k8s.gcr.io/etcd" + digest:          "k8s.gcr.io/etcd" + digest,
		"registry:5000/etcd:3.5.1" + digest: "registry:5000/etcd" + digest,
	} {
		must(t, os.RemoveAll(filepath.Join(bin, "asked")))
		_, err := n.Disk(
			t.Context(),
			node.Paths{DataDir: dir, Image: image},
			node.Runtime{Client: "ctr", Endpoint: "unix:///x"},
		)
		must(t, err)
		asked, err := os.ReadFile(filepath.Join(bin, "asked"))
		must(t, err)
		if !strings.Contains(string(asked), ` name=="`+want+`"`) {
			t.Errorf("%s: asked %q, want %s", image, asked, want)
		}
	}
}

// stoppable is a crictl with a sandbox.
const (
	stoppable = `case $* in *stopp*) touch "$0.gone";; *pods*) if [ -e "$0.gone" ]; then echo '{"items":[]}'; else echo '{"items":[{"id":"0123456789abcdef"}]}'; fi;; *) echo '{"containers":[]}';; esac`
	kept      = "left as it is"
)

// TestAwaitStopped asks a runtime that is out of order: no answer is never taken for "nothing runs".
func TestAwaitStopped(t *testing.T) {
	for _, c := range []struct {
		name, client, text string
		stopped            bool
	}{
		{"nothing runs", "crictl", `echo '{"containers":[],"items":[]}'`, true},
		{"warns and answers", "crictl", `echo 'level=warning msg="no config"' >&2; echo '{"containers":[],"items":[]}'`, true},
		{"does not answer", "crictl", `exit 1`, false},
		{"the sandbox is left", "crictl", `case $* in *pods*) echo '{"items":[{"id":"0123456789abcdef"}]}';; *) echo '{"containers":[]}';; esac`, false},
		{"another pod's container of that name", "crictl", `case $* in *pods*) echo '{"items":[]}';; *) echo '{"containers":[{"id": "0123456789abcdef","labels":{"io.kubernetes.pod.name":"shop-0"}}]}';; esac`, true},
		{"answers again", "crictl", `n=$(cat "$0.n" 2>/dev/null || echo 0); echo $((n + 1)) >"$0.n"; [ "$n" -gt 3 ] || exit 1; echo '{"containers":[],"items":[]}'`, true},
		{"the sandbox is left, until it is stopped", "crictl", stoppable, true},
		{"the same, and the kubelet that may bring it back is " + kept, "crictl", stoppable, false},
		{"ctr: nothing runs", "ctr", `case $* in *tasks*) echo "TASK PID STATUS";; esac`, true},
		{"ctr: does not answer", "ctr", `exit 1`, false},
		{"ctr: lists and then does not answer", "ctr", `case $* in *tasks*) exit 1;; *) echo 0123456789abcdef;; esac`, false},
		{"ctr: has stopped", "ctr", `case $* in *tasks*) echo "0123456789abcdef 12 STOPPED";; *) echo 0123456789abcdef;; esac`, true},
		{"ctr: in no state that is known", "ctr", `case $* in *kill*) ;; *tasks*) echo "0123456789abcdef 12 UNKNOWN";; *==container*) echo 0123456789abcdef;; esac`, false},
		{"docker: nothing runs", "docker", ``, true},
		{"docker: does not answer", "docker", `exit 1`, false},
		{"docker: the sandbox is left", "docker", `case $* in *podsandbox*) echo "0123456789abcdef etcd-m1";; esac`, false},
		{"docker: another pod's", "docker", `echo "0123456789abcdef shop-0"`, true},
		{"a pod known to be another", "crictl", `case $* in *pods*) echo '{"items":[{"id":"0123456789abcdef","labels":{"io.kubernetes.pod.name":"etcd-backup-m1"}}]}';; *) echo '{"containers":[]}';; esac`, true},
		{"a pod with a longer name than that", "crictl", `case $* in *pods*) echo '{"items":[{"id":"0123456789abcdef","labels":{"io.kubernetes.pod.name":"etcd-backup-m10"}}]}';; *) echo '{"containers":[]}';; esac`, false},
		{"ctr: a pod known to be another", "ctr", `case $* in *tasks*) echo "0123456789abcdef 12 RUNNING";; *',labels."io.kubernetes.pod.name"!="etcd-backup-m1"'*) ;; *) echo 0123456789abcdef;; esac`, true},
		{"docker: a pod known to be another", "docker", `echo "0123456789abcdef etcd-backup-m1"`, true},
		{"docker: a pod with a longer name than that", "docker", `echo "0123456789abcdef etcd-backup-m10"`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			n := node.New(
				node.Settings{Name: "m1"},
				local{
					shell: []string{"/bin/sh"},
					path:  replay(t, dir, "", map[string]string{c.client: "#!/bin/sh\n" + c.text + "\n"}),
				},
			)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			workload := etcd
			workload.Others, workload.KeepKubelet = []string{"etcd-backup-m1"}, strings.HasSuffix(c.name, kept)
			err := n.AwaitStopped(ctx, node.Runtime{Client: c.client, Endpoint: "unix:///x"}, workload, time.Second)
			if (err == nil) != c.stopped {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOthers(t *testing.T) {
	var p node.Pods
	p.HostName = "M1"
	for pod, containers := range map[string][]string{
		"etcd-m1":                     {"renamed"}, // as when the manifest is not yet followed
		"etcd-force-new-cluster-node": {"etcd"},
		"etcd-node":                   {"sidecar", "etcd"},
		"etcd-backup-m1":              {"backup"},
		"etcd-exporter-x7k2p":         {"init", "exporter"},
		"etcdkeeper-0":                {"keeper"},
	} {
		for _, c := range containers {
			p.Containers = append(p.Containers, node.Container{Name: c, Pod: pod, Namespace: "kube-system"})
		}
	}
	p.Containers = append(p.Containers, node.Container{Name: "db", Pod: "etcd-shop-0", Namespace: "shop"})
	if got := p.Others(etcd); !slices.Equal(got, []string{"etcd-backup-m1", "etcd-exporter-x7k2p"}) {
		t.Errorf("others %q", got)
	}
}
