package executor

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	cryptossh "golang.org/x/crypto/ssh"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// scripted is a node on which every script succeeds and prints nothing, but for the hash of what is written.
type scripted struct {
	mu     sync.Mutex
	ran    []string
	before func(script string)
	answer func(script string) (out string, err error, ok bool) // in place of what is said below
}

var written = regexp.MustCompile(`^set -- '[^']*' '[^']*' '([A-Za-z0-9+/=]+)'`)

func (s *scripted) Run(_ context.Context, script string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ran = append(s.ran, script)
	if s.before != nil {
		s.before(script)
	}
	if s.answer != nil {
		if out, err, ok := s.answer(script); ok {
			return []byte(out), err
		}
	}
	if args := written.FindStringSubmatch(script); args != nil && strings.Contains(script, "base64 -d") {
		text, err := base64.StdEncoding.DecodeString(args[1])
		return []byte(node.Hash(text)), err
	}
	return nil, nil
}

func (s *scripted) DialContext(context.Context, string, string) (net.Conn, error) {
	return nil, &cryptossh.OpenChannelError{Reason: cryptossh.ConnectionFailed, Message: "nobody listens"}
}

// did tells whether a script with these words has run.
func (s *scripted) did(words string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.ran, func(script string) bool { return strings.Contains(script, words) })
}

// scriptedNodes are nodes of these names.
func scriptedNodes(names ...string) (map[string]*node.Node, map[string]*scripted) {
	nodes, runners := map[string]*node.Node{}, map[string]*scripted{}
	for _, name := range names {
		runners[name] = &scripted{}
		nodes[name] = node.New(node.Settings{Name: name}, runners[name])
	}
	return nodes, runners
}

// TestPanicInStep ends the operation at a step with a fault of the provider as an error ends it.
func TestPanicInStep(t *testing.T) {
	ctx := t.Context()
	broken := func() { _ = map[string]*master{}["m2"].ev.Name }
	nodes, _ := scriptedNodes("m1", "m2")
	for _, c := range []struct {
		name   string
		action action
		leave  func()
		says   []string
	}{
		{
			name:   "in the action",
			action: action{act: func(context.Context) error { broken(); return nil }},
			says:   []string{"panic: runtime error: invalid memory address", "Changed: as it was left"},
		},
		{
			name:   "in the check",
			action: action{done: func(context.Context) (bool, error) { panic("no such case") }},
			says:   []string{"panic: no such case", "Changed: as it was left"},
		},
		{
			name: "on one of several nodes",
			action: action{act: func(ctx context.Context) error {
				c := newCrew(Options{}, "test", nodes, nil, nil)
				_ = c.each(ctx, []string{"m1", "m2"}, func(_ context.Context, m *master) error {
					if m.Name == "m2" {
						broken()
					}
					return nil
				})
				return nil
			}},
			says: []string{"at work on m2, the provider failed: panic: ", "Changed: as it was left"},
		},
		{
			name:   "and when it is told how things are left",
			action: action{act: func(context.Context) error { panic("first") }},
			leave:  func() { panic("second") },
			says:   []string{"panic: first", "Changed: not known", "panic: second"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var logged []string
			w := walk{
				Options: Options{Fault: func(text, stack string) { logged = append(logged, text+"\n"+stack) }},
				actions: map[recovery.StepID]action{recovery.StepForce: c.action},
				record:  func(context.Context, int, int, recovery.Step) error { return nil },
				leave: func(context.Context, error) string {
					if c.leave != nil {
						c.leave()
					}
					return "as it was left"
				},
			}
			err := w.carryOut(
				ctx,
				ctx,
				[]recovery.Step{{ID: recovery.StepForce, Nodes: []string{"m 1"}, Title: "force it"}},
			)
			if recovery.CodeOf(err) != recovery.CodeProviderFault {
				t.Fatalf("got %v", err)
			}
			for _, want := range append(c.says, "Step 1 of 1 on m 1: force it.", "fault of the provider") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it does not say %q: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), ".go:") {
				t.Errorf("the stack is for the log: %v", err)
			}
			if len(logged) == 0 || !strings.Contains(logged[0], "fault_test.go:") {
				t.Errorf("logged: %q", logged)
			}
		})
	}
}

// TestPanicGivesLocksBack panics while the locks are held.
func TestPanicGivesLocksBack(t *testing.T) {
	nodes, runners := scriptedNodes("m1", "m 2")
	p := &planner.SeedPlan{
		SeedRequest: planner.SeedRequest{Node: "m1", RecoveryID: "test"},
		Evidence:    recovery.SurveyOf(map[string]recovery.Evidence{"m1": {Name: "m1"}, "m 2": {Name: "m 2"}}),
	}
	_, err := Seed(t.Context(), p, nodes, Options{Observe: func(_, _ int, s recovery.Step) error {
		if s.ID == recovery.StepCheck {
			panic("no such case")
		}
		return nil
	}})
	r, ok := recovery.IsRefusal(err)
	if !ok || r.Code != recovery.CodeProviderFault || r.Untouched != recovery.NothingTouched {
		t.Errorf("got %v", err)
	}
	for name, r := range runners {
		if !r.did(`!= "$2" ] || rm -f "$1"`) {
			t.Errorf("the lock on %s is not given back: %q", name, r.ran)
		}
	}
}

// oddNames are names of nodes with what joins words elsewhere.
func oddNames() []string { return []string{"m 1", `m"3`, "m,2"} }

// oddSeed is a recovery of such nodes, each of which has a manifest.
func oddSeed(moved ...string) (*seeding, map[string]*scripted) {
	names := oddNames()
	nodes, runners := scriptedNodes(names...)
	all := recovery.Survey{}
	for _, name := range names {
		all = append(all, recovery.Evidence{
			Name:         name,
			Manifest:     "x",
			ManifestPath: "/etc/kubernetes/manifests/etcd.yaml",
		})
	}
	s := &seeding{
		crew: newCrew(Options{}, "recovery test", nodes, all, nil),
		plan: &planner.SeedPlan{
			SeedRequest: planner.SeedRequest{Node: names[0], RecoveryID: "test"},
			Evidence:    all,
			OldData:     "/old",
		},
	}
	s.seed = s.masters[names[0]]
	s.book = openBook(
		&recovery.Journal{Operation: recovery.OperationSeed, ID: "test", Master: names[0], Moved: moved},
		recovery.OperationSeed,
		"test",
		s.seed.Node,
		s.now,
	)
	return s, runners
}

// TestNodeNamesAreData writes names to a journal and reads them back.
func TestNodeNamesAreData(t *testing.T) {
	s, _ := oddSeed()
	s.book.reach(recovery.PhaseBegun)
	s.willMove()
	text, err := s.book.text()
	if err != nil {
		t.Fatal(err)
	}
	all, _ := survey.ReadJournals([]node.File{{Text: text}})
	for _, got := range [][]string{all[0].Moved, all[0].Stopped} {
		if !slices.Equal(got, oddNames()) {
			t.Errorf("%q, want %q", got, oddNames())
		}
	}
	if stands := all[0].Stands(""); !strings.Contains(stands, `of m 1, m"3, m,2.`) {
		t.Errorf("things are left so: %s", stands)
	}
}

// TestGoBackByName puts the manifests of such nodes back, and tells which one is of nobody's name now.
func TestGoBackByName(t *testing.T) {
	s, runners := oddSeed()
	s.willMove()
	if text := s.goBack(t.Context()); !strings.Contains(text, `folders of m 1, m"3, m,2 again`) ||
		s.book.Phase != recovery.PhaseUndone {
		t.Errorf("got %s", text)
	}
	for name, r := range runners {
		if !r.did("'/etc/kubernetes/manifests/etcd.yaml'") {
			t.Errorf("the manifest on %s is not put back: %q", name, r.ran)
		}
	}

	s, runners = oddSeed("m", "1", "m,2", "m4")
	text := s.goBack(t.Context())
	for _, name := range []string{"m", "1", "m4"} {
		if want := "could not be put back on " + name + " (no node has this name now)"; !strings.Contains(text, want) {
			t.Errorf("it does not say %q: %s", want, text)
		}
	}
	if s.book.Phase == recovery.PhaseUndone || !runners["m,2"].did("'/etc/kubernetes/manifests/etcd.yaml'") {
		t.Errorf("undone at %s; of %q: %s", s.book.Ended, slices.Sorted(maps.Keys(runners)), text)
	}
}

// TestGoBackWithoutSeed cannot put the seed's manifest back: the others stay away as well, since wiped ones must not
// come up without it.
func TestGoBackWithoutSeed(t *testing.T) {
	s, runners := oddSeed()
	s.book.reach(recovery.PhaseBegun)
	s.willMove()
	s.book.reach(recovery.PhaseStopped)
	seed, manifest := oddNames()[0], "'/etc/kubernetes/manifests/etcd.yaml'"
	runners[seed].answer = func(script string) (string, error, bool) {
		return "", errors.New("No space left on device"), strings.Contains(script, manifest)
	}
	text := s.goBack(t.Context())
	for _, want := range []string{
		"could not be put back on " + seed + " (",
		"No space left on device",
		`could not be put back on m"3 (etcd on m 1 is not back)`,
		"that of " + seed + " first",
		"on m 1: mv /var/lib/etcdrecovery/parked/etcd.yaml /etc/kubernetes/manifests/etcd.yaml",
		"on m,2: mv /var/lib/etcdrecovery/parked/etcd.yaml /etc/kubernetes/manifests/etcd.yaml",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q: %s", want, text)
		}
	}
	for _, name := range oddNames()[1:] {
		if runners[name].did(manifest) {
			t.Errorf("the manifest on %s is put back: %q", name, runners[name].ran)
		}
	}
	if s.book.Phase == recovery.PhaseUndone || s.book.Phase != recovery.PhaseBegun {
		t.Errorf("%q, undone at %s", s.book.Phase, s.book.Ended)
	}
}

// TestCopyOfAnotherLife has a copy that is there from before, and etcd has run since: nothing is forced, all goes back,
// and the recovery begins anew.
func TestCopyOfAnotherLife(t *testing.T) {
	s, runners := oddSeed(oddNames()...)
	s.began = true
	s.book.Places = recovery.Places{Data: "/old", Whole: true}
	s.book.reach(recovery.PhaseCopied)
	s.willMove()
	runners["m 1"].answer = func(script string) (string, error, bool) {
		if strings.Contains(script, ".copying") && strings.Contains(script, "cp -a") {
			return "", &ssh.ExitError{Code: 74}, true
		}
		return "", nil, false
	}
	w := walk{actions: s.actions(), record: s.record, secure: s.takeFlagOut, leave: s.leave}
	err := w.carryOut(t.Context(), t.Context(), []recovery.Step{
		{ID: recovery.StepCopy, Operation: recovery.OperationSeed, Nodes: []string{"m 1"}, Title: "copy"},
	})
	r, _ := recovery.IsRefusal(err)
	if r == nil || r.Code != recovery.CodeNodeChanged || !strings.Contains(r.Next, "in another place") {
		t.Fatalf("got %v", err)
	}
	if s.book.Phase != recovery.PhaseUndone || !strings.Contains(r.Untouched, "nothing was forced") {
		t.Errorf("undone at %s: %s", s.book.Ended, r.Untouched)
	}
}

// TestFailedToBegin has an empty folder at the plan, in which a wiped etcd has left something by the time of its turn.
func TestFailedToBegin(t *testing.T) {
	for _, c := range []struct {
		name    string
		live    recovery.Evidence
		refused bool
	}{
		{"folders", recovery.Evidence{NoLog: true, DataBytes: 28 << 10}, false},
		{"a database without a log", recovery.Evidence{NoLog: true, DataBytes: 100 << 20}, true},
		{"a log", recovery.Evidence{DataBytes: 28 << 10}, true},
	} {
		j := &joining{plan: &planner.MemberPlan{Node: "m1", AnyOrder: true}}
		err := j.compare(c.live, &planner.MemberPlan{OldData: "/old/1"})
		if refused := recovery.CodeOf(err) == recovery.CodeNodeChanged; refused != c.refused || !refused && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
