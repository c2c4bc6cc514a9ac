package executor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

const manifestPath = "/etc/kubernetes/manifests/etcd.yaml"

// removes tells whether a script removes the forced manifest, and only that text.
func removes(script string, s *seeding) bool {
	return strings.Contains(script, "set -- '"+manifestPath+"' '"+node.Hash([]byte(s.plan.Forced))+"'\n") &&
		strings.Contains(script, "rm -f")
}

// flagged is a recovery at work whose forced manifest is in place. It holds the lock.
func flagged(t *testing.T) (*seeding, *scripted) {
	t.Helper()
	s, runners := oddSeed()
	s.plan.Forced = "forced"
	s.seed.Node = s.seed.As(s.holder)
	s.began, s.looked, s.flagIn = true, true, true
	s.book.Stopped, s.book.Places = oddNames(), recovery.Places{Data: "/old", Whole: true}
	return s, runners[s.seed.Name]
}

// end ends a run with an error at one step.
func end(ctx context.Context, t *testing.T, s *seeding, act func(context.Context) error) *recovery.Refusal {
	t.Helper()
	w := walk{
		actions: map[recovery.StepID]action{recovery.StepForce: {act: act}},
		record:  s.record,
		secure:  s.takeFlagOut,
		leave:   s.leave,
	}
	steps := []recovery.Step{{ID: recovery.StepForce, Nodes: []string{s.plan.Node}, Title: "force it"}}
	r, ok := recovery.IsRefusal(w.carryOut(ctx, context.WithoutCancel(ctx), steps))
	if !ok {
		t.Fatal("the run did not end with a refusal")
	}
	return r
}

// TestFlagComesOut ends a run in every way while the forced manifest is in place.
func TestFlagComesOut(t *testing.T) {
	fails := func(context.Context) error { return errors.New("no such luck") }
	for name, c := range map[string]struct {
		phase  recovery.Phase
		act    func(context.Context) error
		cancel bool
		limit  bool
		says   string
	}{
		"a failure":                     {phase: recovery.PhaseForcing, act: fails, says: "was not confirmed yet"},
		"a failure after it was forced": {phase: recovery.PhaseForced, act: fails, says: "a new cluster was forced on"},
		"an interrupt before a step": {
			phase: recovery.PhaseForced, act: fails, cancel: true, says: "a new cluster was forced on",
		},
		"the time limit": {
			phase: recovery.PhaseForcing, limit: true, says: "was not confirmed yet",
			act: func(ctx context.Context) error { return ctx.Err() },
		},
		"a panic": {
			phase: recovery.PhaseForcing,
			act:   func(context.Context) error { panic("no such case") },
			says:  "was not confirmed yet",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, seed := flagged(t)
			s.book.Phase = c.phase
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.cancel {
				cancel()
			}
			if c.limit {
				ctx, cancel = context.WithDeadline(ctx, time.Unix(0, 0))
				defer cancel()
			}
			r := end(ctx, t, s, c.act)
			if last := seed.ran[len(seed.ran)-1]; !removes(last, s) {
				t.Errorf("the forced manifest is left there: %q", seed.ran)
			}
			for _, want := range []string{c.says, "is out of the kubelet's folder again", "/parked/etcd.yaml"} {
				if !strings.Contains(r.Untouched, want) {
					t.Errorf("it does not say %q: %s", want, r.Untouched)
				}
			}
			if c.limit && r.Code != recovery.CodeTimeLimit {
				t.Errorf("it ended with %s", r.Code)
			}
			if strings.Contains(r.Attempt, "still in") {
				t.Errorf("it begins with %s", r.Attempt)
			}
		})
	}
}

// TestFlagStays ends a run where the flag cannot be taken out, or must not be: the first line says so, on which node,
// and in which file.
func TestFlagStays(t *testing.T) {
	locked := func(held string) func(string) (string, error, bool) {
		return func(script string) (string, error, bool) {
			switch {
			case strings.Contains(script, "owner="):
				return "", &ssh.ExitError{Code: 73}, true
			case strings.Contains(script, "/lock'"):
				return held, nil, true
			}
			return "", nil, false
		}
	}
	for name, c := range map[string]struct {
		with    func(*seeding)
		answer  func(script string) (string, error, bool)
		cause   error
		says    string // "" where it is out
		touched bool
	}{
		"the node does not answer": {
			answer:  func(string) (string, error, bool) { return "", errors.New("no route\nto host"), true },
			says:    "It could not be taken out: removing " + manifestPath + " on m 1: no route to host.",
			touched: true,
		},
		"somebody else has the lock": {
			answer: locked("3 ops@bastion"),
			cause:  node.ErrLocked,
			says:   "It was left there, since somebody else is at work on m 1: ops@bastion holds ",
		},
		"nobody has the lock":   {answer: locked(""), cause: node.ErrLocked, touched: true},
		"others answer":         {cause: aloneOrLost(grown(), "m 1"), says: "since a cluster with other members"},
		"others answered":       {with: func(s *seeding) { s.othersAlive = errors.New("x") }, says: "since a"},
		"nothing was looked at": {with: func(s *seeding) { s.looked = false }, says: "before it had looked"},
		"another text with the flag": {
			answer: func(script string) (string, error, bool) {
				if strings.Contains(script, "rm -f") {
					return "", &ssh.ExitError{Code: 76}, true
				}
				return forcedPod, nil, true
			},
			says: "It could not be taken out: removing ",
		},
		"another text without the flag": {
			answer: func(script string) (string, error, bool) {
				if strings.Contains(script, "rm -f") {
					return "", &ssh.ExitError{Code: 76}, true
				}
				return strings.ReplaceAll(forcedPod, ", --force-new-cluster", ""), nil, true
			},
		},
		"no flag is in": {with: func(s *seeding) { s.flagIn = false }},
	} {
		t.Run(name, func(t *testing.T) {
			s, seed := flagged(t)
			s.book.Phase = recovery.PhaseForced
			seed.answer = c.answer
			if c.with != nil {
				c.with(s)
			}
			if c.cause == nil {
				c.cause = errors.New("no such luck")
			}
			r := end(t.Context(), t, s, func(context.Context) error { return c.cause })
			first, _, _ := strings.Cut(r.Error(), "\n")
			const where = "The force flag is still in " + manifestPath + " on m 1: "
			if said := strings.Contains(first, where); said != (c.says != "") || !strings.Contains(first, c.says) {
				t.Errorf("the first line is %s", first)
			}
			last := ""
			for _, script := range seed.ran {
				if removes(script, s) && !strings.Contains(script, "owner=") {
					last = script
				}
			}
			if without := last != ""; without && name != "nobody has the lock" {
				t.Errorf("it was removed without the lock: %s", last)
			} else if !without && name == "nobody has the lock" {
				t.Errorf("it was not removed: %q", seed.ran)
			}
			if len(seed.ran) > 0 && !c.touched && c.answer == nil {
				t.Errorf("something was done on the seed: %q", seed.ran)
			}
		})
	}
}

const forcedPod = `apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: kube-system}
spec:
  containers:
  - name: etcd
    image: registry.k8s.io/etcd:3.5.21-0
    command: [etcd, --name=m1, --data-dir=/var/lib/etcd, --listen-peer-urls=https://10.0.0.11:2380, --force-new-cluster]
    volumeMounts: [{mountPath: /var/lib/etcd, name: data}]
  volumes: [{hostPath: {path: /var/lib/etcd}, name: data}]
`

// grown is the seed in a cluster that has grown beyond it.
func grown() recovery.Survey {
	members := []etcd.Member{{ID: 1, Name: "m1"}, {ID: 2, Name: "m2"}}
	e := recovery.Evidence{Name: "m 1", Quorum: true, Members: members, Status: &etcd.Status{ClusterID: 7, MemberID: 1}}
	return recovery.Survey{e}
}

// TestAloneOrLost has quorums, of which only that of the seed alone lets a recovery go on.
func TestAloneOrLost(t *testing.T) {
	serves := func(name string, id etcd.ID, members ...etcd.Member) recovery.Evidence {
		status := &etcd.Status{ClusterID: 7, MemberID: id}
		return recovery.Evidence{Name: name, Quorum: true, Status: status, Members: members}
	}
	one, two := etcd.Member{ID: 1, Name: "m1"}, etcd.Member{ID: 2, Name: "m2"}
	learner := etcd.Member{ID: 1, Name: "m1", Learner: true}
	lost := recovery.Evidence{Name: "m3", Status: &etcd.Status{}, Members: []etcd.Member{one, two}}
	for name, c := range map[string]struct {
		live recovery.Survey
		ok   bool
	}{
		"no quorum":                     {recovery.Survey{lost}, true},
		"the seed alone":                {recovery.Survey{serves("m1", 1, one), lost}, true},
		"the seed with another":         {recovery.Survey{serves("m1", 1, one, two)}, false},
		"another alone":                 {recovery.Survey{lost, serves("m2", 2, two)}, false},
		"the seed, as it calls itself":  {recovery.Survey{serves("m1", 1, two)}, false},
		"the seed, which has no vote":   {recovery.Survey{serves("m1", 1, learner)}, false},
		"the seed alone, and another":   {recovery.Survey{serves("m1", 1, one), serves("m2", 2, two)}, false},
		"others, without the seed":      {recovery.Survey{serves("m2", 2, one, two)}, false},
		"two that see the same cluster": {recovery.Survey{serves("m1", 1, one, two), serves("m2", 2, one, two)}, false},
	} {
		err := aloneOrLost(c.live, "m1")
		if (err == nil) != c.ok || err != nil && recovery.CodeOf(err) != recovery.CodeClusterAlive {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestForceLooksAgain has an etcd that somebody has started again while the data was copied.
func TestForceLooksAgain(t *testing.T) {
	s, runners := oddSeed()
	s.plan.Evidence[1].Manifest = forcedPod
	s.masters[`m"3`].ev.Manifest = forcedPod
	runners[`m"3`].answer = func(script string) (string, error, bool) {
		return "0: 0B00000A:094C 00000000:0000 0A\n", nil, strings.Contains(script, "/proc/net/tcp")
	}
	err := s.force(t.Context())
	if recovery.CodeOf(err) != recovery.CodeClusterAlive || !strings.Contains(err.Error(), `m"3`) {
		t.Errorf("got %v", err)
	}
	if s.book.Phase != recovery.PhaseNone || s.flagIn {
		t.Errorf("it went on as far as %q", s.book.Phase)
	}
	for name, r := range runners {
		if r.did("base64 -d") {
			t.Errorf("something was written on %s: %q", name, r.ran)
		}
	}
}
