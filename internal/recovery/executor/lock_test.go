//go:build linux

package executor_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

func TestAbandoned(t *testing.T) {
	own := executor.HolderOf("a test", time.Now())
	if executor.Abandoned(own) {
		t.Errorf("this process is no more: %q", own)
	}
	if who, _, _ := strings.Cut(own, "\n"); !strings.Contains(who, "with a test, since 20") ||
		!strings.Contains(who, "@") {
		t.Errorf("a person does not see who it is: %q", who)
	}
	child := exec.Command("sleep", "60") //nolint:noctx // ended below
	must(t, child.Start())
	// The ID of another process, and its start.
	words := strings.Fields(own[strings.Index(own, "\n")+1:])
	stat, err := os.ReadFile("/proc/" + itoa(child.Process.Pid) + "/stat")
	must(t, err)
	words[2], words[3] = itoa(child.Process.Pid), strings.Fields(string(stat))[21]
	of := func(words []string) string { return "somebody\n" + strings.Join(words, " ") }
	alive := of(words)
	if executor.Abandoned(alive) {
		t.Errorf("a process that runs is no more: %q", alive)
	}
	reused := append([]string{}, words...)
	reused[3] = "1"
	if !executor.Abandoned(of(reused)) {
		t.Error("another process has the ID now, and is taken for the holder")
	}
	elsewhere := append([]string{}, words...)
	elsewhere[0] = "another-boot"
	must(t, child.Process.Kill())
	_ = child.Wait()
	if !executor.Abandoned(alive) {
		t.Errorf("a process that was killed is still there: %q", alive)
	}
	for _, holder := range []string{
		of(elsewhere),
		"",
		"a person's own text",
		"words\n",
		"words\n" + words[0] + " " + words[1] + " x y z",
	} {
		if executor.Abandoned(holder) {
			t.Errorf("nothing is known of %q, and it is taken for gone", holder)
		}
	}
}

// TestHidden has a holder that another user started, on a machine where users do not see one another's processes.
func TestHidden(t *testing.T) {
	if holder := os.Getenv("TEST_HOLDER"); holder != "" {
		if executor.Abandoned(holder) {
			t.Errorf("taken for gone: %q", holder)
		}
		if !executor.Abandoned(os.Getenv("TEST_GONE")) {
			t.Errorf("not taken for gone: %q", os.Getenv("TEST_GONE"))
		}
		return
	}
	if os.Geteuid() != 0 {
		t.Skip(
			"nothing was tested: a /proc that hides processes has to be mounted, which needs root; run as root, " +
				".ci/run has it",
		)
	}
	own := executor.HolderOf("a test", time.Now())
	ended := exec.CommandContext(t.Context(), "true")
	must(t, ended.Run())
	words := strings.Fields(own[strings.Index(own, "\n")+1:])
	words[2] = itoa(ended.Process.Pid)
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755)) //nolint:gosec // for the other user
	exe := filepath.Join(dir, "test")
	must(t, exec.CommandContext(t.Context(), "cp", os.Args[0], exe).Run())
	const hidden = `mount -t proc -o hidepid=2 proc /proc && [ -e /proc/$1 ] && cd / &&
exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c '
[ ! -e /proc/$1 ] || { echo "the process is to be seen"; exit 1; }
exec "$0" -test.run "^TestHidden$"' "$2" "$1"`
	c := exec.CommandContext(
		t.Context(),
		"unshare",
		"-m",
		"sh",
		"-c",
		hidden,
		"sh",
		itoa(os.Getpid()),
		exe,
	) //nolint:gosec // nothing but what is above
	c.Env = append(os.Environ(), "TEST_HOLDER="+own, "TEST_GONE=somebody\n"+strings.Join(words, " "))
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("%v: %s", err, out)
	}
}

// planned is a lab that has lost its majority, and the plan for its recovery.
func planned(t *testing.T) (*lab.Lab, map[string]*node.Node, *planner.SeedPlan) {
	t.Helper()
	l := start(t, lab.Options{})
	must(t, l.Fill(t.Context(), 50, 100))
	loseMajority(t, l)
	nodes := nodesOf(t, l)
	p, err := planner.DecideSeed(
		survey.Take(t.Context(), nodes, time.Now()),
		planner.SeedRequest{RecoveryID: "test"},
	)
	must(t, err)
	return l, nodes, p
}

// TestLocks meets a colleague's lock in every state that it can be in. In the end the lock is taken over, and then the
// recovery loses its own.
func TestLocks(t *testing.T) {
	l, nodes, p := planned(t)
	seed := func(o executor.Options) error { _, err := executor.Seed(t.Context(), p, nodes, o); return err }
	const colleague = "ann@jumphost (pid 4711), with recovery test, since 2026-11-22T03:12:00Z\nanother-boot pid:[1] " +
		"4711 1 1"
	silent := func(name string) {
		old := time.Now().Add(-node.LockStale - time.Minute)
		must(t, os.Chtimes(l.Node(name).Path(node.DefaultWorkDir+"/lock"), old, old))
	}
	for _, m := range l.Nodes() {
		must(t, nodes[m.Name()].Lock(t.Context(), colleague, ""))
	}
	before := trees(t, l)
	refused := func(master string) {
		t.Helper()
		wantRefusal(
			t,
			seed(executor.Options{}),
			recovery.CodeLocked,
			"on "+master,
			"ann@jumphost (pid 4711), with recovery test, since 2026-11-22T03:12:00Z",
			"last sign of life",
			"rm "+l.Node(master).Path(node.DefaultWorkDir+"/lock"),
			"on "+master,
		)
	}
	refused("m1")
	silent("m1")
	silent("m2")
	refused("m3") // where it is alive, it is alive everywhere
	if after := trees(t, l); after != before {
		t.Errorf("something was changed:\n%s\nwas\n%s", after, before)
	}
	// Silent everywhere: it is taken over, and what it still asks for is refused.
	silent("m3")
	asked := false
	err := seed(executor.Options{Observe: func(_, _ int, s recovery.Step) error {
		switch s.ID {
		case recovery.StepStopOthers:
			asked = true
			for name, n := range nodes {
				if err := n.As(colleague).Remove(t.Context(), l.Node(name).Path(manifestFile)); err == nil {
					t.Errorf("the colleague could still remove the manifest of %s", name)
				}
			}
		case recovery.StepStopSeed: // the others are stopped
			must(t, os.Remove(l.Node("m1").Path(node.DefaultWorkDir+"/lock")))
			must(t, nodes["m1"].Lock(t.Context(), "ann@jumphost", ""))
		}
		return nil
	}})
	if !asked {
		t.Errorf("the step that stops the others was not reached: %v", err)
	}
	// It stops, and puts nothing back.
	wantRefusal(
		t,
		err,
		recovery.CodeLockLost,
		"nothing was put back, since somebody else is at work",
		"No data was changed",
		"names the one",
	)
	for _, name := range []string{"m2", "m3"} {
		if _, err := os.Stat(l.Node(name).Path(manifestFile)); err == nil {
			t.Errorf("the manifest of %s was put back", name)
		}
	}
	if text, _ := os.ReadFile(l.Node("m1").Path(node.DefaultWorkDir + "/lock")); string(text) != "ann@jumphost" {
		t.Errorf("the lock is %q", text)
	}
}
