//go:build linux && e2e

package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// giveUp recovers without the third master, which is off. It comes back with all of its old data.
func giveUp(t *testing.T, l *lab.Lab, data string, count int64) {
	m3 := l.Node("m3")
	lose(t, l.Node("m2"))
	m3.PowerOff()
	w := workspace(t, l)
	wants(t, run(t, w, 1, "plan"), "m3", "lost_nodes")
	leaveOut(t, w.Dir)
	w.Variables["lost_nodes"] = []string{"m3"}
	must(t, w.Save())
	run(t, w, 2, "plan", "-detailed-exitcode", "-out=recovery.tfplan")
	run(t, w, 0, "apply", "recovery.tfplan")

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, l.WaitHealthy(ctx, "m1", "m2"))
	term := termOf(t, l, "m1")
	writer, err := l.StartWriter(t.Context(), "m1", "m2")
	must(t, err)
	must(t, m3.PowerOn())
	old := m3.Path(data + "/member/snap/db")
	until(t, "m3 says that it was removed", time.Minute, func() bool {
		return strings.Contains(m3.ContainerLog(), "removed")
	})
	report := writer.Stop()
	t.Logf("%d writes failed while the removed member came back, the longest gap was %s (%v)",
		report.Failed, report.LongestGap, report.LastFailure)
	if report.Failed > 0 && termOf(t, l, "m1") != term { // a machine can also be too slow for a write
		t.Errorf("%d writes failed while the removed member came back: %v", report.Failed, report.LastFailure)
	}
	must(t, l.WaitHealthy(ctx, "m1", "m2"))
	written, _, err := l.CountKeys(ctx, "m1")
	must(t, err)
	if least := count + int64(len(report.Acked)); written < least || written > least+int64(len(report.Unknown)) {
		t.Errorf("m1 has %d keys, want %d and up to %d more that nobody knows of", written, least, len(report.Unknown))
	}
	if _, err := os.Stat(old); err != nil {
		t.Errorf("the data of the master that was given up: %v", err)
	}

	// Back in the configuration, the plan offers to rejoin it.
	bring(t, w.Dir)
	w.Variables["lost_nodes"] = []string{}
	must(t, w.Save())
	wants(t, run(t, w, 2, "plan", "-detailed-exitcode"), "etcdrecovery_member.third will be created", "1 to add")
	run(t, w, 0, "apply", "-auto-approve")
	settled(t, w)
	recovered(t, l, written)
	if kept, _ := filepath.Glob(m3.Path(data + ".etcdrecovery/*/member")); len(kept) == 0 {
		t.Error("m3's old data is not kept")
	}
}

// third is the example's second joining master, and what speaks of it.
const third = `resource "etcdrecovery_member" "third"`

// leaveOut takes the third master's resource out of the configuration.
func leaveOut(t *testing.T, dir string) {
	t.Helper()
	main := filepath.Join(dir, "main.tf")
	text, err := os.ReadFile(main)
	must(t, err)
	before, _, found := strings.Cut(string(text), third)
	if !found {
		t.Fatal("the example has no third master")
	}
	must(t, os.Rename(main, main+".whole"))
	must(t, os.WriteFile(main, []byte(before), 0o644))
	must(t, os.Rename(filepath.Join(dir, "outputs.tf"), filepath.Join(dir, "outputs.tf.whole")))
}

// bring puts it back.
func bring(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"main.tf", "outputs.tf"} {
		must(t, os.Rename(filepath.Join(dir, name+".whole"), filepath.Join(dir, name)))
	}
}

// termOf is the term of a member's leader: another one means that there was an election.
func termOf(t *testing.T, l *lab.Lab, name string) uint64 {
	t.Helper()
	c, err := l.Client(t.Context(), name)
	must(t, err)
	defer func() { _ = c.Close() }()
	status, err := c.Status(t.Context(), l.Node(name).ClientURL())
	must(t, err)
	return status.RaftTerm
}
