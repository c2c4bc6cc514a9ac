//go:build linux

package executor_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sample"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

var (
	choices = flag.Int("choices", 2, "random cases of TestChoices for each version of etcd")
	seed    = flag.Uint64("seed", 0, "of TestChoices; one of its own when 0")
)

// TestChoices makes masters differ: members are paused, starved and killed under load, all at once or one after the
// other, and now and then one lives on alone. Then a cluster is forced from a copy of each one's data. What was
// foretold of each choice must be what happens, and no choice may keep more than the one that is made.
func TestChoices(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("-seed %d", *seed)
	for i, version := range sample.Of([]string{"3.7", "3.6", "3.5"}, 1) {
		t.Run("etcd "+version, func(t *testing.T) {
			l := start(
				t,
				lab.Options{
					Etcd: version,
					ExtraFlags: map[string]string{
						"heartbeat-interval": "50",
						"election-timeout":   "500",
						"snapshot-count":     "500",
					},
				},
			)
			c := &choiceCase{
				T:       t,
				l:       l,
				version: version,
				nodes:   nodesOf(t, l),
				random:  rand.New(rand.NewPCG(*seed, uint64(i))),
			}
			for n := range *choices {
				c.run(n)
				if t.Failed() {
					return
				}
			}
			t.Logf("%d cases: %d choices, %d of them would have lost writes that another one keeps; %d entries dropped",
				*choices, c.forced, c.worse, c.dropped)
			if c.forced != 3**choices {
				t.Errorf("%d clusters were forced, want one from each member in each case", c.forced)
			}
			if *choices >= 30 && (c.worse == 0 || c.dropped == 0) {
				t.Error("the masters did not differ: nothing was tested")
			}
		})
	}
}

type choiceCase struct {
	*testing.T
	l       *lab.Lab
	version string
	nodes   map[string]*node.Node
	random  *rand.Rand

	forced, worse int
	dropped       uint64
}

// run is one case. Most look at copies of what members have that are stopped for a moment, which is what a kill would
// leave; some end the members for good, and go the way of a survey.
func (c *choiceCase) run(n int) {
	must(c.T, c.l.WaitHealthy(c.Context()))
	stop := c.load(1 + c.random.IntN(8))
	c.sleep(100, 400)
	for range c.random.IntN(3) {
		c.disturb()
	}
	if n%3 != 1 {
		all, dirs := c.freeze()
		stop()
		c.compare(n, all, dirs)
		return
	}
	before := c.end(n / 3)
	stop()
	all := survey.Take(c.Context(), c.nodes, time.Now())
	for _, e := range before { // one that was asked while it ran keeps what it said
		name := e.Name
		if e.Status == nil || e.Tail == nil || e.Hash == nil || e.Hash.Revision != e.Status.Revision ||
			e.Hash.Value == 0 {
			c.Errorf("case %d: %s ran alone and said %+v, %+v, %+v", n, name, e.Status, e.Tail, e.Hash)
			continue
		}
		if was, now := kept(c.T, e), kept(c.T, all.Node(name)); was.Kept != now.Kept || was.Last != now.Last ||
			was.LastTerm != now.LastTerm {
			c.Errorf(
				"case %d: %s ran and had committed up to %d of %d, and its disk says %d of %d",
				n,
				name,
				was.Kept,
				was.Last,
				now.Kept,
				now.Last,
			)
		}
	}
	dirs := map[string]string{}
	for _, m := range c.l.Nodes() {
		dirs[m.Name()] = c.copy(m)
	}
	c.compare(n, all, dirs)
	for _, m := range c.l.Nodes() {
		m.KubeletStart()
	}
}

// freeze stops all members for a moment and reads copies of what they have.
func (c *choiceCase) freeze() (all recovery.Survey, dirs map[string]string) {
	all, dirs = recovery.Survey{}, map[string]string{}
	masters := c.l.Nodes()
	if c.random.IntN(2) == 0 { // one falls behind
		c.signal(c.any(), syscall.SIGSTOP)
		c.sleep(20, 400)
	}
	for _, i := range c.random.Perm(3) {
		c.signal(masters[i], syscall.SIGSTOP)
		time.Sleep(time.Duration(c.random.IntN(30)) * time.Millisecond)
	}
	for _, m := range masters {
		dirs[m.Name()] = c.copy(m)
	}
	for _, m := range masters {
		c.signal(m, syscall.SIGCONT)
	}
	var mu sync.Mutex
	var reading sync.WaitGroup
	for _, m := range masters {
		reading.Go(func() {
			e, err := executor.ReadDisk(
				c.Context(),
				c.nodes[m.Name()],
				"registry.k8s.io/etcd:"+c.version+".99-0",
				dirs[m.Name()],
			)
			if err != nil {
				c.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, e)
		})
	}
	reading.Wait()
	return all, dirs
}

// copy gives a copy of a master's data, without the zeros that etcd has made its log with: they would take most of the
// time.
func (c *choiceCase) copy(m lab.Identity) string {
	c.Helper()
	dir, err := os.MkdirTemp(c.TempDir(), m.Name())
	must(c.T, err)
	from := m.Path("/var/lib/etcd/member")
	must(c.T, os.CopyFS(filepath.Join(dir, "member", "snap"), os.DirFS(filepath.Join(from, "snap"))))
	must(c.T, os.Mkdir(filepath.Join(dir, "member", "wal"), 0o700))
	segments, err := filepath.Glob(filepath.Join(from, "wal", "*.wal"))
	must(c.T, err)
	for _, s := range segments {
		text, err := os.ReadFile(s)
		must(c.T, err)
		text = text[:min(len(text), len(bytes.TrimRight(text, "\x00"))/4096*4096+8192)]
		must(c.T, os.WriteFile(filepath.Join(dir, "member", "wal", filepath.Base(s)), text, 0o600))
	}
	return dir
}

// load writes keys, each once, until stop.
func (c *choiceCase) load(writers int) (stop func()) {
	ctx, cancel := context.WithCancel(c.Context())
	client, err := c.l.Client(ctx)
	must(c.T, err)
	var writing sync.WaitGroup
	var keys atomic.Int64
	prefix := fmt.Sprintf("load/%d/", time.Now().UnixNano())
	for range writers {
		writing.Go(func() {
			for ctx.Err() == nil {
				try, end := context.WithTimeout(ctx, 500*time.Millisecond)
				_, _ = client.Put(try, fmt.Sprintf("%s%08d", prefix, keys.Add(1)), "value")
				end()
				time.Sleep(2 * time.Millisecond) // else they would have the machine to themselves
			}
		})
	}
	return func() {
		cancel()
		writing.Wait()
		_ = client.Close()
	}
}

func (c *choiceCase) sleep(from, to int) {
	time.Sleep(time.Duration(from+c.random.IntN(to-from)) * time.Millisecond)
}

func (c *choiceCase) any() lab.Node { return c.l.Nodes()[c.random.IntN(3)] }

// disturb pauses one member, or lets it run for a tenth of the time only.
func (c *choiceCase) disturb() {
	m := c.any()
	if c.random.IntN(2) == 0 {
		c.signal(m, syscall.SIGSTOP)
		c.sleep(50, 900)
		c.signal(m, syscall.SIGCONT)
		return
	}
	for until := time.Now().Add(time.Duration(100+c.random.IntN(500)) * time.Millisecond); time.Now().Before(until); {
		c.signal(m, syscall.SIGSTOP)
		time.Sleep(18 * time.Millisecond)
		c.signal(m, syscall.SIGCONT)
		time.Sleep(2 * time.Millisecond)
	}
}

func (c *choiceCase) signal(m lab.Observed, s syscall.Signal) {
	for _, pid := range m.EtcdPIDs() {
		_ = syscall.Kill(pid, s)
	}
}

// end ends all members, and gives what those said that were asked while they ran alone.
func (c *choiceCase) end(way int) recovery.Survey {
	for _, m := range c.l.Nodes() {
		m.KubeletStop()
	}
	order := c.random.Perm(3)
	masters := c.l.Nodes()
	switch way % 3 {
	case 0: // one lives on, without a leader, and is stopped in an orderly way
		masters[order[0]].KillEtcd()
		masters[order[1]].KillEtcd()
		time.Sleep(1500 * time.Millisecond)
		name := masters[order[2]].Name()
		all := surveyUntil(c.Context(), c.nodes, func(all recovery.Survey) bool {
			return all.Node(name).Status != nil && all.Node(name).Hash != nil && all.Node(name).Tail != nil
		})
		c.terminate(masters[order[2]])
		return recovery.Survey{all.Node(name)}
	case 1:
		for _, i := range order {
			c.terminate(masters[i])
		}
	default:
		for _, i := range order {
			time.Sleep(time.Duration(c.random.IntN(30)) * time.Millisecond)
			masters[i].KillEtcd()
		}
	}
	return nil
}

func (c *choiceCase) terminate(m lab.Node) {
	c.signal(m, syscall.SIGTERM)
	labtest.Within(c.T, "the end of etcd on "+m.Name(), func() bool { return len(m.EtcdPIDs()) == 0 })
}

// kept finds what was read of one master, whatever there is of the others.
func kept(t *testing.T, e recovery.Evidence) planner.Candidate {
	t.Helper()
	r := planner.Rank(recovery.Survey{e}, nil)
	if len(r.Candidates) != 1 {
		t.Fatalf("%s is no candidate: %+v", e.Name, r)
	}
	return r.Candidates[0]
}

// compare forces a cluster from a copy of each.
func (c *choiceCase) compare(n int, all recovery.Survey, dirs map[string]string) {
	r := planner.Rank(all, nil)
	if len(r.Candidates) != 3 || r.Undecided != "" {
		c.Fatalf("case %d: %+v\n%s", n, r, planner.Report(all, nil))
	}
	results := make([]*lab.Forced, 3)
	var forcing sync.WaitGroup
	for i, candidate := range r.Candidates {
		forcing.Go(func() {
			var err error
			if results[i], err = lab.ForceNewCluster(c.Context(), c.version, dirs[candidate.Name]); err != nil {
				c.Errorf("case %d, %s: %v", n, candidate.Name, err)
			}
			_ = os.RemoveAll(dirs[candidate.Name])
		})
	}
	forcing.Wait()
	if c.Failed() {
		return
	}
	_, furthest := last(r)
	for i, candidate := range r.Candidates {
		got := results[i]
		c.forced++
		c.dropped += got.Discarded
		if got.Discarded != candidate.Last-candidate.Kept || got.Revision != candidate.KeptRevision ||
			got.Revision != candidate.KeptLeast ||
			got.Keys != got.Revision-1 {
			c.Errorf(
				"case %d: %s has dropped %d entries, is at revision %d, and has %d keys; foretold was %+v",
				n,
				candidate.Name,
				got.Discarded,
				got.Revision,
				got.Keys,
				candidate,
			)
		}
		if got.Revision > results[0].Revision {
			c.Errorf(
				"case %d: %s was chosen, with revision %d, and %s has %d",
				n,
				r.Candidates[0].Name,
				results[0].Revision,
				candidate.Name,
				got.Revision,
			)
		}
		if got.Revision < results[0].Revision {
			c.worse++
		}
		lost := int64(0)
		if candidate.Loss.FromRevision > 0 {
			lost = candidate.Loss.ToRevision - candidate.Loss.FromRevision + 1
		}
		if lost != furthest-got.Revision {
			c.Errorf(
				"case %d: %s has lost %d revisions of %d, foretold were %d: %+v",
				n,
				candidate.Name,
				furthest-got.Revision,
				furthest,
				lost,
				candidate,
			)
		}
	}
}

// last is the candidate whose log goes furthest, and the revision in its end.
func last(r planner.Ranking) (name string, revision int64) {
	best := r.Candidates[0]
	for _, c := range r.Candidates {
		if c.LastTerm > best.LastTerm || c.LastTerm == best.LastTerm && c.Last > best.Last {
			best = c
		}
	}
	return best.Name, best.LastRevision
}
