//go:build linux

// Package labtest has what tests of the lab, and of its rooms, begin with: a lab that ends with the test, and somebody
// who logs in, and how tests wait.
package labtest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

// Patience bounds waits that are to succeed. It is not a measure of anything, and leaves room for a busy machine.
const Patience = time.Minute

// FastElections are flags of etcd, so that tests do not wait for elections.
func FastElections() map[string]string {
	return map[string]string{"heartbeat-interval": "20", "election-timeout": "200"}
}

// Start starts a lab, with fast elections unless there are other flags, and closes it when the test ends.
func Start(t *testing.T, o lab.Options) *lab.Lab {
	t.Helper()
	if o.ExtraFlags == nil {
		o.ExtraFlags = FastElections()
	}
	o.Log = testLog{t}
	l, err := lab.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		began := time.Now()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > Patience {
			t.Errorf("closing the lab took %v", took)
		}
	})
	return l
}

type testLog struct{ t *testing.T }

func (w testLog) Write(b []byte) (int, error) {
	w.t.Logf("%s", bytes.TrimSpace(b))
	return len(b), nil
}

// Within waits for a condition.
func Within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	Await(t, what, Patience, 5*time.Millisecond, ok)
}

// Await waits for a condition with a patience of its own, and looks after each pause.
func Await(t *testing.T, what string, patience, pause time.Duration, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := wait.Until(ctx, pause, func() error {
		if !ok() {
			return errors.New(what)
		}
		return nil
	}); err != nil {
		t.Fatalf("not within %v: %v", patience, err)
	}
}

// Written waits until what each member has is in the database on its disk, of which etcd writes ten times a second
// where the disk is fast enough.
func Written(t *testing.T, l *lab.Lab) {
	t.Helper()
	for _, n := range l.Nodes() {
		_, revision, err := l.CountKeys(t.Context(), n.Name())
		Must(t, err)
		Within(t, n.Name()+" has written its keys down", func() bool {
			s, err := datadir.Read(t.Context(), lab.Folder(n.Path("/var/lib/etcd")), false)
			return err == nil && s.Backend.Revision >= revision
		})
	}
}

// Must ends the test with an error.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Timeout returns a context that ends after d, or with the test.
func Timeout(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
