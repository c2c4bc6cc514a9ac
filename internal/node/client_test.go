//go:build linux

package node_test

import (
	"bytes"
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

const brokenCrictl = "#!/bin/sh\necho 'FATA validate service connection' >&2; exit 1\n"

// replaying returns a program that prints what stands in a folder of testdata. That was printed by ctr 1.6.20 and 2.1.4
// and by docker 20.10.24, for a container that was made through the CRI, or with dockershim's labels.
func replaying(t *testing.T, program string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "programs", program+".sh"))
	must(t, err)
	return string(text)
}

// replay makes a folder with programs and what they print.
func replay(t *testing.T, dir, golden string, programs map[string]string) string {
	t.Helper()
	bin := filepath.Join(dir, "bin")
	must(t, os.Mkdir(bin, 0o755))
	if programs["systemctl"] == "" {
		program(t, bin, "systemctl", "#!/bin/sh\n")
	}
	for name, text := range programs {
		program(t, bin, name, text)
	}
	if golden != "" {
		must(t, os.CopyFS(bin, os.DirFS(filepath.Join("testdata", golden))))
	}
	return bin
}

// program makes one.
func program(t *testing.T, dir, name, text string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755)) //nolint:gosec // it has to be executable
}

// onPath is the node with programs before all others.
func onPath(n *node.Node, l local, bin string) *node.Node {
	l.path = bin
	return node.New(n.Settings, l)
}

var etcd = node.Workload{Namespace: "kube-system", Pod: "etcd", Container: "etcd"}

func TestClients(t *testing.T) {
	containerd := func(at string) node.Runtime { return node.Runtime{Client: "ctr", Endpoint: "unix://" + at} }
	engine := node.Runtime{Client: "docker", Endpoint: "unix:///var/run/docker.sock"}
	ctr := map[string]string{"crictl": brokenCrictl, "ctr": replaying(t, "ctr")}
	docker := map[string]string{"docker": replaying(t, "docker")}
	dockerToo := map[string]string{"crictl": brokenCrictl, "docker": replaying(t, "docker")}
	ctrArgs := []string{"/usr/local/bin/etcd", "--name=m1", `--experimental="x y"`}
	dockerArgs := []string{"/usr/local/bin/etcd", "--name=m1", `--x="a b"`}
	const k3s = "/run/k3s/containerd/containerd.sock"
	for _, c := range []struct {
		golden, socket string
		runtime        node.Runtime
		programs       map[string]string
		attempt        int
		args           []string
	}{
		{"ctr-1.6", "/run/containerd/containerd.sock", containerd("/run/containerd/containerd.sock"), ctr, 2, ctrArgs},
		{"ctr-2.1", "unix://" + k3s, containerd(k3s), ctr, 2, ctrArgs},
		{"docker-20.10", "unix:///run/cri-dockerd.sock", engine, dockerToo, 3, dockerArgs},
		{"docker-20.10", "unix:///var/run/dockershim.sock", engine, docker, 3, dockerArgs},
	} {
		t.Run(c.golden, func(t *testing.T) {
			inEachShell(t, func(t *testing.T, n *node.Node, l local, dir string) {
				bin := replay(t, dir, c.golden, c.programs)
				pods := filepath.Join(dir, "pods")
				manifests := filepath.Join(dir, "manifests")
				write(t, dir, map[string]string{
					"config.yaml": "staticPodPath: \"" + manifests + "\" # here\n" +
						"containerRuntimeEndpoint: " + c.socket + "\n",
					"manifests/one": "",
					"pods/kube-system_etcd-m1_4a1b/etcd/2.log": "2026-11-22T22:12:46.0Z stderr F gone\n" +
						"2026-11-22T22:12:47.1Z stderr P on\n" +
						"2026-11-22T22:12:47.1Z stderr F e\n" +
						"2026-11-22T22:12:47.2Z stdout F  two \n",
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
					len(got.PodID) != 64 || got.Created.Format(time.DateOnly) != "2026-11-22" {
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
				_, err = n.AwaitStarted(t.Context(), found.Runtime, etcd, known, 0)
				if !errors.Is(err, node.ErrNotStarted) {
					t.Errorf("a known container is a new one: %v", err)
				}
				log, err := n.ContainerLog(t.Context(), found.Runtime, id, 10)
				must(t, err)
				if lines := strings.Fields(log); !slices.Equal(lines[len(lines)-2:], []string{"one", "two"}) {
					t.Errorf("log %q", log)
				}
				for image, there := range map[string]bool{
					"registry.k8s.io/etcd:3.5.15-0": true,
					"registry.k8s.io/etcd:3.5.16-0": false,
				} {
					disk, err := n.Disk(t.Context(), node.Paths{DataDir: dir, Image: image}, found.Runtime)
					must(t, err)
					if disk.Image != there {
						t.Errorf("%s is there: %v", image, disk.Image)
					}
				}
				must(t, n.AwaitStopped(t.Context(), found.Runtime, etcd, 0))
				killed, err := os.ReadFile(filepath.Join(bin, "killed"))
				must(t, err)
				got := regexp.MustCompile(`[0-9a-f]{64}`).FindAllString(string(killed), -1)
				if len(got) != 2 || got[0] != id || strings.Contains(string(killed), "SIGKILL") {
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
		value = bytes.ReplaceAll(value, []byte("/var/log/pods"), []byte(pods))
		return []byte(`"value": "` + base64.StdEncoding.EncodeToString(value) + `"`)
	})
	must(t, os.WriteFile(info, text, 0o600))
}

// TestNoClient shows what is said when no program answers.
func TestNoClient(t *testing.T) {
	failing := func(words string) string { return "#!/bin/sh\necho '" + words + "' >&2; exit 1\n" }
	for _, c := range []struct {
		socket   string
		programs map[string]string
		words    []string
	}{
		{
			"unix:///run/containerd/containerd.sock",
			map[string]string{"crictl": brokenCrictl, "ctr": failing("ctr: failed to dial")},
			[]string{
				"on m1 answers at unix:///run/containerd/containerd.sock",
				"crictl: FATA validate service connection; ctr: ctr: failed to dial",
			},
		},
		{
			"/var/run/crio/crio.sock",
			map[string]string{"crictl": brokenCrictl, "ctr": replaying(t, "ctr")},
			[]string{"unix:///var/run/crio/crio.sock", "FATA", "install"},
		},
		{
			"unix:///var/run/docker.sock",
			map[string]string{"docker": failing("Cannot connect to the Docker daemon")},
			[]string{"docker: Cannot connect"},
		},
	} {
		inEachShell(t, func(t *testing.T, n *node.Node, l local, dir string) {
			write(t, dir, map[string]string{
				"config.yaml": "staticPodPath: \"" + dir + "/manifests\"\n" +
					"containerRuntimeEndpoint: " + c.socket + "\n",
				"manifests/one": "",
			})
			n.KubeletConfig = filepath.Join(dir, "config.yaml")
			_, err := onPath(n, l, replay(t, dir, "", c.programs)).Look(t.Context())
			if !errors.Is(err, node.ErrNoRuntime) {
				t.Fatalf("got %v", err)
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v: does not say %q", err, w)
				}
			}
		})
	}
}

// TestImageNames asks containerd for images by the names that the CRI plugin gives them.
func TestImageNames(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("ab", 32)
	inEachShell(t, func(t *testing.T, n *node.Node, l local, dir string) {
		bin := replay(t, dir, "ctr-1.6", map[string]string{"ctr": replaying(t, "ctr")})
		n = onPath(n, l, bin)
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
			asking := node.Runtime{Client: "ctr", Endpoint: "unix:///x"}
			_, err := n.Disk(t.Context(), node.Paths{DataDir: dir, Image: image}, asking)
			must(t, err)
			asked, err := os.ReadFile(filepath.Join(bin, "asked"))
			must(t, err)
			if !strings.Contains(string(asked), ` name=="`+want+`"`) {
				t.Errorf("%s: asked %q, want %s", image, asked, want)
			}
		}
	})
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
	events := node.Container{Name: "etcd", Pod: "etcd-events-node", Namespace: "kube-system"}
	twice := node.Pods{HostName: "M1", Containers: append(slices.Clone(p.Containers), events)}
	others := twice.Others(etcd, "etcd-events", "kube-apiserver")
	if !slices.Equal(others, []string{"etcd-backup-m1", "etcd-events-m1", "etcd-events-node", "etcd-exporter-x7k2p"}) {
		t.Errorf("others beside another etcd: %q", others)
	}
	w := etcd
	if w.Others = others; w.Is(events) || !etcd.Is(events) {
		t.Error("another etcd's container is told by the pods that are known to be another's alone")
	}
	if got := p.Others(etcd); !slices.Equal(got, []string{"etcd-backup-m1", "etcd-exporter-x7k2p"}) {
		t.Errorf("others %q", got)
	}
}
