//go:build linux && e2e

package e2e_test

import (
	"context"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// TestDocker has kubelet 1.23 with Docker, etcd 3.5 and a log folder of its own. A joining master is cut off for half a
// minute when its manifest has been written.
func TestDocker(t *testing.T) {
	l, count := start(t, lab.Options{Docker: true, Etcd: "3.5", WALDir: true})
	readDisks(t, l)
	lose(t, l.Nodes()[1:]...)
	w := workspace(t, l)
	m2 := l.Node("m2")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cut := make(chan bool, 1)
	go func() {
		came := awaitFile(ctx, m2.Path(manifest), "--initial-cluster-state=existing")
		cut <- came
		if !came {
			return
		}
		m2.CutOff()
		time.Sleep(30 * time.Second)
		if err := m2.Reconnect(); err != nil {
			t.Error(err)
		}
	}()
	r, err := w.Run(ctx, nil, "apply", "-auto-approve", "-no-color")
	must(t, err)
	cancel() // what did not come until now does not come
	if !<-cut {
		t.Fatalf("m2 never got its manifest:\n%s", r.Text)
	}
	t.Logf("the first apply ended with %d after %.0f s", r.ExitCode, r.Took.Seconds())
	if r.ExitCode != 0 {
		wants(t, r.Text, "m2", "terraform apply again")
		time.Sleep(time.Until(r.Began.Add(r.Took + 30*time.Second))) // connected again
		run(t, w, 0, "apply", "-auto-approve")
	}
	settled(t, w)
	recovered(t, l, count)
}
