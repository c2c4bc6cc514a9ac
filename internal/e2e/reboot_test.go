//go:build linux && e2e

package e2e_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

// TestReboot has etcd 3.6, data on a mount, and members whose names are not their hosts'. It logs in as a user who is
// not root and may use sudo without a password. It restarts one joining master while its etcd has to stay down. On the
// other one etcd has crashed again and again; the kubelet's back-off of 40 s and more must not hold back the etcd that
// joins.
func TestReboot(t *testing.T) {
	l, count := start(t, lab.Options{Etcd: "3.6", DataMount: true, Manifest: otherName})
	readDisks(t, l)
	lose(t, l.Nodes()[1:]...)
	m1, m2, m3 := l.Node("m1"), l.Node("m2"), l.Debian("m3")
	w := workspace(t, l)
	w.Variables["ssh"] = map[string]any{
		"user":             "ops",
		"private_key_file": l.SSHKeyFile(),
		"known_hosts_file": l.KnownHostsFile(),
	}
	must(t, w.Save())
	must(t, m3.SudoFails(true))
	wants(t, run(t, w, 1, "plan"), "m3", "sudo")
	must(t, m3.SudoFails(false))
	const costly = 2 * time.Second // to read the log
	labtest.Await(t, "a back-off of 40 s on m3", 3*time.Minute, costly, func() bool {
		return strings.Contains(kubeletLog(t.Context(), t, m3), "back-off 40s restarting failed container=etcd")
	})
	run(t, w, 2, "plan", "-detailed-exitcode", "-out=recovery.tfplan")
	applying, ended := context.WithTimeout(t.Context(), 10*time.Minute)
	defer ended()
	booted := make(chan error, 1)
	go func() { booted <- rebootMeanwhile(applying, t, m1, m2) }()
	started := make(chan bool, 1)
	// Longer than two applies may take.
	watching := labtest.Timeout(t, 30*time.Minute)
	go func() { started <- startsSoon(watching, t, m3) }()

	r, err := w.Run(applying, nil, "apply", "-no-color", "recovery.tfplan")
	must(t, err)
	ended() // what did not come until now does not come
	if err := <-booted; err != nil {
		t.Fatalf("%v; the apply:\n%s", err, r.Text)
	}
	t.Logf("the first apply ended with %d after %.0f s", r.ExitCode, r.Took.Seconds())
	if r.ExitCode != 0 {
		wants(t, r.Text, "terraform apply again")
		run(t, w, 0, "apply", "-auto-approve")
	}
	if !<-started {
		t.Error("the kubelet of m3 held its new etcd back")
	}
	settled(t, w)
	recovered(t, l, count)
}

// rebootMeanwhile restarts a joining master when the seed is about to be forced. It must not run etcd before it joins.
func rebootMeanwhile(ctx context.Context, t *testing.T, seed, joining lab.Node) error {
	if !awaitFile(ctx, seed.Path(manifest), "force-new-cluster") {
		return errors.New("nothing was forced")
	}
	seed.Freeze() // so that it takes longer than the reboot
	joining.PowerOff()
	err := joining.PowerOn()
	time.AfterFunc(5*time.Second, seed.Thaw)
	for ctx.Err() == nil && !joins(joining) {
		// The manifest is looked at once more: it may have come between.
		if pids := joining.EtcdPIDs(); len(pids) > 0 && !joins(joining) {
			t.Errorf("%s runs etcd before it joins: %v", joining.Name(), pids)
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return err
}

// startsSoon reports whether etcd starts on a joining master well before the kubelet would end its back-off.
func startsSoon(ctx context.Context, t *testing.T, joining lab.DebianNode) bool {
	if !awaitFile(ctx, joining.Path(manifest), "--initial-cluster-state=existing") {
		return false
	}
	backOffs := func() int { return strings.Count(kubeletLog(ctx, t, joining), "restarting failed container=etcd") }
	before, began := backOffs(), time.Now()
	if wait.Until(ctx, 50*time.Millisecond, func() error {
		if len(joining.EtcdPIDs()) == 0 {
			return errors.New("etcd does not run")
		}
		return nil
	}) != nil {
		return false
	}
	t.Logf("etcd started on %s %s after its manifest was put in", joining.Name(), time.Since(began))
	return backOffs() == before
}

func kubeletLog(ctx context.Context, t *testing.T, m lab.DebianNode) string {
	log, err := m.Run(ctx, "journalctl", "-u", "kubelet", "-o", "cat", "--no-pager")
	if err != nil {
		t.Error(err)
	}
	return log
}

// otherName gives the members names that are not their hosts'. The kubelet puts them in, from a variable; those that
// join have their member list in the environment.
func otherName(master string, text []byte) []byte {
	manifest := regexp.MustCompile(`([=,])m([123])\b`).ReplaceAllString(string(text), "${1}infra$2")
	name := "infra" + master[1:]
	env := "    env:\n    - name: MEMBER\n      value: " + name + "\n"
	manifest = strings.Replace(manifest, "--name="+name+"\n", "--name=$(MEMBER)\n", 1)
	if list := regexp.MustCompile(`    - --initial-cluster=(.*)\n`); master != "m1" {
		env += "    - name: ETCD_INITIAL_CLUSTER\n      value: " + list.FindStringSubmatch(manifest)[1] + "\n"
		manifest = list.ReplaceAllLiteralString(manifest, "")
	}
	return []byte(strings.Replace(manifest, "    image:", env+"    image:", 1))
}
