//go:build linux && e2e

package e2e_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

var choices = flag.Int("choices", 10, "random cases of TestOld")

// TestOld has etcd 3.4, Debian's, whose data lies elsewhere on the host than etcd sees it, and addresses of IPv6. It
// compares what is foretold of a forced start with what becomes of one, reads the members' disks, and recovers without
// the third master, which is given up and comes back.
func TestOld(t *testing.T) {
	o := lab.Options{Etcd: "3.4", HostPath: "/srv/etcd-from-backup", IPv6: true}
	l, count := start(t, o)
	t.Run("choices", func(t *testing.T) { choose(t, l, o.HostPath) })
	readDisks(t, l)
	giveUp(t, l, o.HostPath, keysNow(t, l, count))
}

// keysNow counts again after others have written.
func keysNow(t *testing.T, l *lab.Lab, least int64) int64 {
	t.Helper()
	now, _, err := l.CountKeys(t.Context(), "m1")
	must(t, err)
	if now < least {
		t.Fatalf("%d keys, of which there were %d", now, least)
	}
	return now
}

// choose forces a cluster from copies of what members have that are stopped in the middle of writes. Etcd 3.4 goes by
// the commit index of its log alone. Simulated nodes do the same for later versions, through a survey.
func choose(t *testing.T, l *lab.Lab, data string) {
	dropped := uint64(0)
	for n := range *choices {
		writer, err := l.StartWriter(t.Context())
		must(t, err)
		time.Sleep(time.Duration(100+rand.IntN(400)) * time.Millisecond)
		dirs := map[string]string{}
		for _, i := range rand.Perm(3) {
			l.Nodes()[i].Freeze()
			time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		}
		for _, m := range l.Nodes() {
			dirs[m.Name()] = t.TempDir()
			from := m.Path(data + "/member")
			must(t, exec.CommandContext(t.Context(), "cp", "-r", "--sparse=always", from, dirs[m.Name()]).Run())
		}
		for _, m := range l.Nodes() {
			m.Thaw()
		}
		writer.Stop()
		var forcing sync.WaitGroup
		var mu sync.Mutex
		for name, dir := range dirs {
			forcing.Go(func() {
				s, err := datadir.Read(t.Context(), lab.Folder(dir), true)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				kept := min(s.Log.Commit, s.Log.LastIndex)
				_, writes := s.Log.Writes(s.Backend.ConsistentIndex, kept)
				got, err := lab.ForceNewCluster(t.Context(), "3.4", dir)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				what := fmt.Sprintf(
					"case %d, %s: commit %d, applied %d, last %d",
					n,
					name,
					s.Log.Commit,
					s.Backend.ConsistentIndex,
					s.Log.LastIndex,
				)
				if got.Discarded != s.Log.LastIndex-kept || got.Revision != s.Backend.Revision+writes {
					t.Errorf(
						"%s: %d entries were dropped and it is at revision %d; foretold were %d and %d",
						what,
						got.Discarded,
						got.Revision,
						s.Log.LastIndex-kept,
						s.Backend.Revision+writes,
					)
				}
				t.Log(what)
				mu.Lock()
				defer mu.Unlock()
				dropped += got.Discarded
				_ = os.RemoveAll(dir)
			})
		}
		forcing.Wait()
	}
	if dropped == 0 {
		t.Error("no entry was dropped anywhere: nothing was tested")
	}
}
