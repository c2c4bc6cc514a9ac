//go:build linux

package executor_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sample"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

const manifestFile = "/etc/kubernetes/manifests/etcd.yaml"

// tamper changes a file on a master and gives back how to undo it. A nil text takes the file away.
func tamper(t *testing.T, m lab.Identity, name string, change func([]byte) []byte) func() {
	t.Helper()
	file := m.Path(name)
	before, readErr := os.ReadFile(file)
	write := func(text []byte) {
		tmp := filepath.Join(filepath.Dir(file), ".tamper")
		if text == nil {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			return
		}
		if err := os.WriteFile(tmp, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(tmp, file); err != nil {
			t.Fatal(err)
		}
	}
	write(change(before))
	return func() {
		if readErr != nil {
			before = nil
		}
		write(before)
	}
}

func replace(old, by string) func([]byte) []byte {
	return func(text []byte) []byte {
		if !bytes.Contains(text, []byte(old)) {
			panic("the manifest has no " + old)
		}
		return bytes.Replace(text, []byte(old), []byte(by), 1)
	}
}

// script puts a command before all others on a master's PATH: the way to inject faults that a healthy machine does not
// have.
func script(t *testing.T, m lab.Identity, name, text string) func() {
	t.Helper()
	file := m.Path("/usr/local/bin/" + name)
	if err := os.WriteFile(
		file,
		[]byte("#!/bin/sh\n"+text+"\n"),
		0o755,
	); err != nil { //nolint:gosec // a command has to be executable
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRefusals shows what an operator reads when the input is bad, and that nothing was touched. The nodes are surveyed
// once as they are; then each fault is looked at where it is, and decided on beside what the others said before. The
// gate has some of the faults.
func TestRefusals(t *testing.T) {
	l := start(t, lab.Options{})
	loseMajority(t, l)
	for _, m := range l.Nodes()[1:] {
		quiet(m)
	}
	m1, m2 := l.Node("m1"), l.Node("m2")
	look := func(nodes map[string]*node.Node) recovery.Survey {
		before := trees(t, l)
		all := survey.Take(t.Context(), nodes, time.Now())
		if after := trees(t, l); after != before {
			t.Errorf("the masters were touched: %s, before: %s", after, before)
		}
		return all
	}
	plain := look(nodesOf(t, l))
	t.Run("kubelets that do not run", func(t *testing.T) { kubeletDown(t, slices.Clone(plain)) })
	m1.KubeletStop() // what is done to its manifest is for the survey to see, not for etcd to run with
	duplicate := filepath.Join(filepath.Dir(manifestFile), "etcd.yaml.bak")

	remove := func([]byte) []byte { return nil }
	edited := func(change func([]byte) []byte) func() func() { // the manifest of m1
		return func() func() { return tamper(t, m1, manifestFile, change) }
	}
	type refusal struct {
		name    string
		request planner.SeedRequest
		on      lab.Node // where the fault is; nil: the others have to see it, too
		access  func(map[string]*ssh.Config)
		breaks  func() func()
		code    recovery.Code
		words   []string
	}
	requests := []refusal{
		{
			name:    "unknown node",
			request: planner.SeedRequest{Node: "m9"},
			code:    recovery.CodeUnknownNode,
			words:   []string{`"m9"`, "m1, m2, m3"},
		},
		{
			name:    "unknown lost node",
			request: planner.SeedRequest{Lost: []string{"m9"}},
			code:    recovery.CodeUnknownNode,
			words:   []string{`"m9"`},
		},
		{
			name:    "lost node that answers",
			request: planner.SeedRequest{Lost: []string{"m2"}},
			code:    recovery.CodeLostNodeAnswers,
			words:   []string{"m2", "take m2 out of lost_nodes"},
		},
		{
			name:    "a seed without data",
			request: planner.SeedRequest{Node: "m2"},
			code:    recovery.CodeSeedEmpty,
			words:   []string{"m2", "m1"},
		},
	}
	faults := []refusal{
		{
			name:    "lost node given twice",
			request: planner.SeedRequest{Lost: []string{"m2", "m2"}},
			breaks:  off(t, m2),
			code:    recovery.CodeNodeTwice,
			words:   []string{"m2 twice"},
		},
		{
			name:   "silent node that is not given up",
			breaks: off(t, m2),
			code:   recovery.CodeUnreachable,
			words:  []string{`lost_nodes = ["m2"]`, "connection refused"},
		},
		{
			name:   "manifest missing",
			on:     m1,
			breaks: edited(remove),
			code:   recovery.CodeSeedUndecided,
			words:  []string{"m1: no file in", "is an etcd static pod"},
		},
		{
			name:   "not a Pod",
			on:     m1,
			breaks: edited(replace("kind: Pod", "kind: Deployment")),
			code:   recovery.CodeSeedUndecided,
			words:  []string{"m1:", "etcd.yaml", "Deployment"},
		},
		{
			name:   "no etcd container",
			on:     m1,
			breaks: edited(replace("- etcd\n", "- sleep\n")),
			code:   recovery.CodeSeedUndecided,
			words:  []string{"m1:", "etcd.yaml"},
		},
		{
			name: "two etcd containers",
			on:   m1,
			breaks: edited(replace(
				"  containers:\n",
				"  containers:\n  - name: other\n    image: etcd\n    command: [etcd, --name=other]\n",
			)),
			code:  recovery.CodeSeedUndecided,
			words: []string{"m1:", "etcd.yaml", "more than one etcd container"},
		},
		{
			name:   "force flag already there",
			on:     m1,
			breaks: edited(replace("    - --data-dir", "    - --force-new-cluster\n    - --data-dir")),
			code:   recovery.CodeSeedUndecided,
			words:  []string{"force-new-cluster flag in it", "no journal of ours"},
		},
		{
			name: "a second file with the same pod",
			on:   m1,
			breaks: func() func() {
				text, err := os.ReadFile(m1.Path(manifestFile))
				must(t, err)
				return tamper(t, m1, duplicate, func([]byte) []byte { return text })
			},
			code:  recovery.CodeSeedUndecided,
			words: []string{"etcd.yaml and", "etcd.yaml.bak are both the pod kube-system/etcd"},
		},
		{
			name:    "a second file with the same pod on another master",
			request: planner.SeedRequest{Node: "m1"},
			breaks: func() func() {
				text, err := os.ReadFile(m2.Path(manifestFile))
				must(t, err)
				return tamper(t, m2, duplicate, func([]byte) []byte { return text })
			},
			code:  recovery.CodeNodeNotReady,
			words: []string{"on m2", "etcd.yaml.bak are both the pod"},
		},
		{
			name:   "config file",
			on:     m1,
			breaks: edited(replace("    - --data-dir", "    - --config-file=/etc/etcd.conf\n    - --data-dir")),
			code:   recovery.CodeSeedUndecided,
			words:  []string{"--config-file"},
		},
		{
			name:   "settings in the environment",
			on:     m1,
			breaks: edited(replace("    image:", "    env:\n    - name: ETCD_NAME\n      value: m1\n    image:")),
			code:   recovery.CodeSeedUndecided,
			words:  []string{"ETCD_NAME"},
		},
		{
			name: "PKI missing",
			on:   m1,
			breaks: func() func() {
				return tamper(t, m1, "/etc/kubernetes/pki/etcd/peer.key", remove)
			},
			code:  recovery.CodeSeedUndecided,
			words: []string{"peer.key", "missing or unreadable on m1"},
		},
		{
			name: "PKI expired",
			on:   m1,
			breaks: func() func() {
				must(t, m1.ExpireCerts())
				return func() { must(t, m1.RenewCerts()) }
			},
			code:  recovery.CodeSeedUndecided,
			words: []string{"on m1 expired on", "kubeadm certs renew"},
		},
		{
			name:   "image gone",
			on:     m1,
			breaks: func() func() { m1.RemoveImage(); return m1.RestoreImage },
			code:   recovery.CodeSeedUndecided,
			words:  []string{"the image registry.k8s.io/etcd", "is not on m1"},
		},
		{
			name: "disk too full",
			on:   m1,
			breaks: func() func() {
				return script(t, m1, "df", `echo "Filesystem 1024-blocks Used Available Capacity Mounted on"; `+
					`echo "/dev/x 100 99 1000 99% /"`)
			},
			code:  recovery.CodeNoSpace,
			words: []string{"m1 holds", "1000 KiB free", "free"},
		},
		{
			name: "host key unknown",
			on:   m2,
			access: func(c map[string]*ssh.Config) {
				c["m2"].HostKey, c["m2"].KnownHostsFiles = "", []string{filepath.Join(t.TempDir(), "empty")}
				must(t, os.WriteFile(c["m2"].KnownHostsFiles[0], nil, 0o600))
			},
			code:  recovery.CodeAccessRefused,
			words: []string{"m2 cannot be examined", "is not known", "ssh-keyscan -t ed25519 -p 2222", "SHA256:"},
		},
		{
			name:   "host key changed",
			on:     m2,
			access: func(c map[string]*ssh.Config) { c["m2"].HostKey = l.Node("m1").HostKey() },
			code:   recovery.CodeAccessRefused,
			words:  []string{"m2 cannot be examined", "host_key says", "SHA256:"},
		},
		{
			name:   "wrong user",
			on:     m2,
			access: func(c map[string]*ssh.Config) { c["m2"].User = "nobody" },
			code:   recovery.CodeAccessRefused,
			words: []string{
				`user "nobody"`,
				"key /",
				"(ssh-ed25519 SHA256:",
				"): refused",
				"the server takes: publickey",
			},
		},
		{
			name:   "no sudo",
			on:     m2,
			access: func(c map[string]*ssh.Config) { c["m2"].User, c["m2"].Become = "ops", sudoAlways },
			breaks: func() func() {
				must(t, m2.SudoFails(true))
				undo := script(t, m2, "id", "echo 1000")
				return func() { undo(); must(t, m2.SudoFails(false)) }
			},
			code: recovery.CodeAccessRefused,
			words: []string{
				"m2 cannot be examined",
				"ops on 127.",
				"may not become root with sudo (sudo: ",
				"ops ALL=(root) NOPASSWD: /bin/sh -s",
			},
		},
	}
	refused := func(t *testing.T, c refusal, all recovery.Survey) {
		t.Helper()
		c.request.RecoveryID = "test"
		_, err := planner.DecideSeed(all, c.request)
		r, ok := recovery.IsRefusal(err)
		if !ok {
			t.Fatalf("no refusal but: %v", err)
		}
		t.Logf("%s\n\n%s", r.Title, r.Detail())
		if r.Code != c.code || len(r.Title) > 60 {
			t.Errorf("code %s and title %q, want %s", r.Code, r.Title, c.code)
		}
		for _, w := range c.words {
			if !strings.Contains(r.Detail(), w) {
				t.Errorf("the text does not say %q", w)
			}
		}
		if r.Next == "" || r.Untouched == "" {
			t.Error("the text does not say what is untouched and what to do")
		}
	}
	for _, c := range requests {
		t.Run(c.name, func(t *testing.T) { refused(t, c, plain) })
	}
	for _, c := range sample.Of(faults, 8) {
		t.Run(c.name, func(t *testing.T) {
			if c.breaks != nil {
				defer c.breaks()()
			}
			nodes := nodesWith(t, l, c.access)
			if c.on == nil {
				refused(t, c, look(nodes))
				return
			}
			name, all := c.on.Name(), slices.Clone(plain)
			i := slices.IndexFunc(all, func(e recovery.Evidence) bool { return e.Name == name })
			all[i] = look(map[string]*node.Node{name: nodes[name]}).Node(name)
			refused(t, c, all)
		})
	}
}

const sudoAlways = ssh.BecomeSudo

func off(t *testing.T, m lab.Node) func() func() {
	return func() func() {
		m.PowerOff()
		return func() { must(t, m.PowerOn()); quiet(m) }
	}
}

// quiet keeps etcd from starting on a master with an empty folder: as soon as the survivor is down, wiped masters found
// a cluster anew.
func quiet(m lab.Node) {
	m.KubeletStop()
	m.KillEtcd()
}

// nodesWith are the lab's masters reached in another way than usual.
func nodesWith(t *testing.T, l *lab.Lab, access func(map[string]*ssh.Config)) map[string]*node.Node {
	t.Helper()
	configs := map[string]*ssh.Config{}
	for _, m := range l.Nodes() {
		configs[m.Name()] = sshOf(l, m)
	}
	if access != nil {
		access(configs)
	}
	return connect(t, l, configs)
}

// trees are hashes of what must not be touched: manifests, certificates and kubelet configuration on every master.
func trees(t *testing.T, l *lab.Lab) string {
	t.Helper()
	text := ""
	for _, m := range l.Nodes() {
		hash, err := m.TreeHash("/etc/kubernetes", "/var/lib/kubelet")
		must(t, err)
		_, err = os.Stat(m.Path(node.DefaultWorkDir))
		text += fmt.Sprintf("%s %s work folder: %v\n", m.Name(), hash, err == nil)
	}
	return text
}

// TestFoundedAnew is the trap that eats the last data: while the survivor is down, the wiped masters found the cluster
// anew, with its old IDs. They answer with a quorum, and must be neither believed nor joined.
func TestFoundedAnew(t *testing.T) {
	l := start(t, lab.Options{})
	for range 10 { // more entries than the founding of another cluster takes
		must(t, l.Fill(t.Context(), 200, 100))
	}
	m1 := l.Node("m1")
	m1.KubeletStop()
	m1.KillEtcd()
	wipeMajority(t, l)
	nodes := nodesOf(t, l)
	untilServes(t, l, "m2")
	all := surveyUntil(t.Context(), nodes, func(all recovery.Survey) bool { return all.Node("m2").Quorum })
	t.Log(planner.Report(all, nil))
	for _, node := range []string{"", "m1"} {
		_, err := planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test", Node: node})
		if recovery.CodeOf(err) != recovery.CodeClusterBehind {
			t.Errorf("node %q: %v", node, err)
		}
	}
	_, err := planner.DecideMember(all.Node("m1"), recovery.Cluster{ID: all.Node("m1").Live.ClusterID.String()}, false)
	if recovery.CodeOf(err) != recovery.CodeClusterBehind {
		t.Errorf("m1 may join: %v", err)
	}

	// Once it has more entries than the survivor, and nobody runs, nothing but the entries tells them apart.
	c := client(t, l, "m2", "m3")
	for i := range 40 {
		patiently(t, func(ctx context.Context) error {
			_, err := c.Put(ctx, fmt.Sprintf("new/%d", i), "value")
			return err
		})
	}
	all = survey.Take(t.Context(), nodes, time.Now())
	if v := planner.Judge(all, ""); !slices.Contains(slices.Concat(v.Strange, v.Ahead), "m1") ||
		len(all.Node("m1").Entries) == 0 {
		t.Errorf("m1 and the cluster that answers have two histories, and the verdict is: %s", v.Text)
	}
	for _, m := range l.Nodes() {
		m.KubeletStop()
		m.KillEtcd()
	}
	all = survey.Take(t.Context(), nodes, time.Now())
	if a, b := all.Node("m2").Entries, all.Node("m3").Entries; len(a) == 0 || !slices.Contains(b, a[0]) {
		t.Errorf("m2 and m3 have one history, and these entries: %v and %v", a, b)
	}
	_, err = planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test"})
	if recovery.CodeOf(err) != recovery.CodeSeedUndecided || !strings.Contains(err.Error(), "of the log of m1") {
		t.Errorf("m1 and m2 have two histories, and the plan says: %v", err)
	}
}

// TestWrittenMeanwhile has a member that serves nobody and is written to all the same: its certificate has expired
// while it follows the leader. What its disk says is of no moment.
func TestWrittenMeanwhile(t *testing.T) {
	l := start(t, lab.Options{})
	must(t, l.Node("m3").ExpireCerts())
	c := client(t, l, "m1", "m2")
	ctx, cancel := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	// More often than the data can be read, and no more: a cluster with much to write keeps the machine busy.
	writing.Go(func() {
		for ; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			_, _ = c.Put(ctx, "key", "value")
		}
	})
	nodes := nodesOf(t, l)
	e := survey.Take(t.Context(), map[string]*node.Node{"m3": nodes["m3"]}, time.Now()).Node("m3")
	cancel()
	writing.Wait()
	if e.Status != nil || !e.Running || e.Disk != nil || e.Damage != "" ||
		!strings.Contains(e.Unknown.Disk, "somebody writes to it") {
		t.Errorf("status %v, disk %+v, damage %q, not known %+v", e.Status, e.Disk, e.Damage, e.Unknown)
	}
}
