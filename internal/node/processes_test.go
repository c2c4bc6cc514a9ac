//go:build linux

package node_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// counting makes a folder with every program that the scripts name, and with those that are given: each writes its name
// into the file $COUNTED.
func counting(t *testing.T, given map[string]string) string {
	t.Helper()
	bin := t.TempDir()
	const count = "#!/bin/sh\necho ${0##*/} >>\"$COUNTED\"\n"
	files, err := filepath.Glob("scripts/*.sh")
	must(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		for _, word := range regexp.MustCompile(`[a-z][a-z0-9]+`).FindAllString(string(text), -1) {
			if own, err := exec.LookPath(word); err == nil {
				program(t, bin, word, count+"exec "+own+" \"$@\"\n")
			}
		}
	}
	for name, text := range given {
		program(t, bin, name, count+text)
	}
	return bin
}

// TestProcesses has a ceiling to the programs that are started for what is done most often: each costs a node several
// milliseconds, most of what a look takes.
func TestProcesses(t *testing.T) {
	bin := counting(t, map[string]string{
		"crictl": `case $* in
*' info') echo '{"config": {"sandboxImage": "pause:1"}}';;
*' pods '*|*' ps '*) echo '{"containers": [], "items": []}';;
esac` + "\n",
		"systemctl": "echo active\n",
	})
	inEachShell(t, func(t *testing.T, n *node.Node, l local, _ string) {
		dir := t.TempDir()
		at := func(name string) string { return filepath.Join(dir, name) }
		write(t, dir, map[string]string{
			"config.yaml":            "staticPodPath: \"" + at("pods") + "\"\ncontainerRuntimeEndpoint: unix:///x\n",
			"kubelet.conf":           "    client-certificate: kubelet.pem\n",
			"kubelet.pem":            "",
			"pods/etcd.yaml":         "a pod",
			"data/member/snap/db":    "db",
			"data/member/wal/0.wal":  "wal",
			"server.crt":             "server",
			"peer.crt":               "peer",
			"manifests/replaced.yml": "before",
		})
		l.path, l.env = bin, "COUNTED="+at("counted")
		runner := elsewhere{local: l, dir: dir, printed: &strings.Builder{}, pids: []int{
			kubelet(t, "kubelet", "--config="+at("config.yaml"), "--kubeconfig="+at("kubelet.conf")),
		}}
		n = node.New(node.Settings{Name: "m1", WorkDir: at("work")}, runner)
		rt := node.Runtime{Client: "crictl", Endpoint: "unix:///x"}
		paths := node.Paths{
			DataDir: at("data"), Image: "etcd:1",
			Certs: map[string]string{"server": at("server.crt"), "peer": at("peer.crt")},
		}
		ctx := t.Context()
		for _, c := range []struct {
			what string
			most int
			do   func() error
		}{
			{"a look", 10, func() error {
				found, err := n.Look(ctx)
				if err == nil && (len(found.Files) != 1 || found.Kubelet.Age == 0 || found.Runtime != rt) {
					t.Errorf("found %+v", found)
				}
				return err
			}},
			{"a disk", 10, func() error {
				disk, err := n.Disk(ctx, paths, rt)
				if err == nil && (!disk.Readable() || !disk.Image || string(disk.Certs["peer"]) != "peer" ||
					disk.FreeBytes == 0 || disk.DataBytes == 0 || disk.NoPause != "") {
					t.Errorf("found %+v", disk)
				}
				return err
			}},
			{"a lock", 3, func() error { return n.Lock(ctx, "me", "") }},
			{"a sign of life", 1, func() error { return n.As("me").TouchLock(ctx) }},
			{"a file", 4, func() error { return n.As("me").WriteFile(ctx, at("new.yml"), []byte("new"), "") }},
			{"a file in place of another", 7, func() error {
				file := at("manifests/replaced.yml")
				return n.As("me").WriteFile(ctx, file, []byte("after"), file, node.Hash([]byte("before")))
			}},
			{"a log", 1, func() error { _, err := n.ContainerLog(ctx, rt, "id", 10); return err }},
			{"the end of a lock", 1, func() error { return n.As("me").Unlock(ctx) }},
			{"a wait", 2, func() error { return n.AwaitStopped(ctx, rt, etcd, time.Minute) }},
		} {
			must(t, os.WriteFile(at("counted"), nil, 0o600))
			must(t, c.do())
			counted, err := os.ReadFile(at("counted"))
			must(t, err)
			// How often it sleeps goes by the speed of the machine.
			ran := slices.DeleteFunc(strings.Fields(string(counted)), func(p string) bool { return p == "sleep" })
			if len(ran) > c.most {
				t.Errorf("%s starts %d programs, more than %d: %q", c.what, len(ran), c.most, ran)
			}
		}
	})
}
