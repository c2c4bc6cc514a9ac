package recovery_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestReached asks a journal in each phase for each phase.
func TestReached(t *testing.T) {
	var none *recovery.Journal
	if none.Reached(recovery.PhaseBegun) || none.Open() || none.Done() {
		t.Error("no journal has come anywhere")
	}
	all := append(recovery.OperationSeed.Phases(), recovery.OperationMember.Phases()...)
	all = append(all, recovery.PhaseUndone, recovery.PhaseAbandoned, recovery.PhaseVoid)
	for _, operation := range []recovery.Operation{recovery.OperationSeed, recovery.OperationMember} {
		order := map[recovery.Phase]int{}
		for i, p := range operation.Phases() {
			order[p] = i
		}
		for _, have := range all {
			j := &recovery.Journal{Operation: operation, Phase: have}
			for _, want := range all {
				reached := order[want] > 0 && order[have] >= order[want]
				if j.Reached(want) != reached {
					t.Errorf("a %s that is %q has reached %q: %t", operation, have, want, !reached)
				}
			}
			if open := order[have] > 0 && have != recovery.PhaseFinished; j.Open() != open {
				t.Errorf("a %s that is %q is open: %t", operation, have, !open)
			}
		}
	}
	abandoned := recovery.Journal{Phase: recovery.PhaseForcing}
	abandoned.End(recovery.PhaseAbandoned, began())
	if !abandoned.Reached(recovery.PhaseForcing) || abandoned.Reached(recovery.PhaseForced) || abandoned.Open() {
		t.Error("what was abandoned still says how far it came, and is not open")
	}
	undone := recovery.Journal{Phase: recovery.PhaseCopied}
	undone.End(recovery.PhaseUndone, began())
	if undone.Reached(recovery.PhaseBegun) || undone.Open() {
		t.Error("what was undone has reached nothing, and is not open")
	}
	void := recovery.Journal{Phase: recovery.PhaseVoid, Came: recovery.PhaseForced}
	if !void.Unended() || void.Open() || !void.Reached(recovery.PhaseForcing) {
		t.Error("what is void was never ended, is not open, and says how far it came")
	}
	void.End(recovery.PhaseAbandoned, began())
	if void.Came != recovery.PhaseForced || void.Unended() {
		t.Errorf("it is %+v", void)
	}
}

// TestCounted has data that is still what a journal speaks of, and data that has had another life since.
func TestCounted(t *testing.T) {
	at := func(hours int) time.Time { return began().Add(time.Duration(hours) * time.Hour) }
	disk := func(cluster, member etcd.ID) recovery.Evidence {
		return recovery.Evidence{Disk: &recovery.OnDisk{ClusterID: cluster, MemberID: member}}
	}
	serves := func(cluster, member etcd.ID) recovery.Evidence {
		return recovery.Evidence{Status: &etcd.Status{ClusterID: cluster, MemberID: member}}
	}
	with := func(others ...recovery.Journal) recovery.Evidence { return recovery.Evidence{Journals: others} }
	seed := recovery.Journal{
		Operation: recovery.OperationSeed, ID: "x", Phase: recovery.PhaseForcing, Started: at(0), Cluster: 7, Member: 1,
	}
	join := recovery.Journal{
		Operation: recovery.OperationMember, ID: "x", Phase: recovery.PhaseAdded, Started: at(0), Cluster: 7, Member: 1,
		Learner: "2", Removed: "1",
	}
	member := func(p recovery.Phase, started, finished int) recovery.Journal {
		j := recovery.Journal{Operation: recovery.OperationMember, ID: "later", Phase: p, Started: at(started)}
		if finished > 0 {
			j.End(recovery.PhaseFinished, at(finished))
		}
		return j
	}
	forced := func(id string, started, finished int) recovery.Journal {
		j := member(recovery.PhaseForced, started, finished)
		j.Operation, j.ID = recovery.OperationSeed, id
		return j
	}
	in := func(j recovery.Journal, p recovery.Phase) recovery.Journal { j.Phase = p; return j }
	voter := join
	voter.Phase, voter.Voter = recovery.PhaseVoter, "2"
	beside := func(e recovery.Evidence, members ...etcd.ID) recovery.Evidence {
		e.Live = &recovery.Live{ClusterID: 7}
		for _, id := range members {
			e.Live.Members = append(e.Live.Members, etcd.Member{ID: id})
		}
		return e
	}
	died := disk(7, 2)
	died.LastWords = []string{"the member has been permanently removed from the cluster"}
	const void = recovery.PhaseVoid
	for name, c := range map[string]struct {
		e    recovery.Evidence
		j    recovery.Journal
		want recovery.Phase
	}{
		"nothing is known of the data":        {recovery.Evidence{}, seed, recovery.PhaseForcing},
		"its own data, stopped":               {disk(7, 1), seed, recovery.PhaseForcing},
		"its own data, at work":               {serves(7, 1), seed, recovery.PhaseForcing},
		"another member, stopped":             {disk(7, 2), seed, void},
		"another member, at work":             {serves(7, 2), seed, void},
		"another cluster, stopped":            {disk(8, 1), seed, void},
		"another cluster, at work":            {serves(8, 1), seed, void},
		"an old journal without IDs":          {disk(8, 2), forced("x", 0, 0), recovery.PhaseForced},
		"a later join that finished":          {with(seed, member(recovery.PhaseVoter, 1, 2)), seed, void},
		"a later join that came to a voter":   {with(seed, member(recovery.PhaseVoter, 1, 0)), seed, void},
		"a later join that came to a learner": {with(seed, member(recovery.PhaseStarted, 1, 0)), seed, "forcing"},
		"an earlier join that finished":       {with(seed, member(recovery.PhaseVoter, -2, -1)), seed, "forcing"},
		"a later seed that finished":          {with(seed, forced("y", 1, 2)), seed, void},
		"a later seed that did not finish":    {with(seed, forced("y", 1, 0)), seed, "forcing"},
		"a finished seed, and a later join":   {with(member(recovery.PhaseVoter, 3, 4)), forced("x", 0, 2), void},
		"a finished seed, an earlier join": {
			with(member(recovery.PhaseVoter, 0, 1)), forced("x", 0, 2), recovery.PhaseFinished,
		},
		"a seed that was abandoned":             {disk(8, 2), abandon(seed), recovery.PhaseAbandoned},
		"a seed that was undone":                {disk(8, 2), in(seed, recovery.PhaseUndone), recovery.PhaseUndone},
		"a join, and the data from before":      {disk(7, 1), in(join, recovery.PhaseMoving), recovery.PhaseMoving},
		"a join, and its learner's data":        {disk(7, 2), join, recovery.PhaseAdded},
		"a join, and the data from before back": {disk(7, 1), join, void},
		"a join, and a third member's data":     {serves(7, 3), join, void},
		"a join, and its voter":                 {beside(disk(7, 2), 1, 2), voter, recovery.PhaseVoter},
		"a join, and its voter without others":  {disk(7, 2), voter, recovery.PhaseVoter},
		"a join whose voter was removed":        {beside(disk(7, 2), 1, 3), voter, void},
		"a join whose voter was told so":        {died, voter, void},
		"a join whose voter has lost its data":  {recovery.Evidence{Empty: true}, voter, void},
		"a finished join, voter removed":        {beside(disk(7, 2), 1, 3), in(voter, "finished"), "finished"},
		"a join whose learner was removed":      {disk(7, 2), removed(join), recovery.PhaseMoved},
		"a join, and a later seed that finished": {
			with(join, forced("y", 1, 2)), join, void,
		},
		"a join, and a seed that finished later but was begun before": {
			with(join, forced("y", -1, 2)), join, void,
		},
	} {
		e := c.e
		e.Journals = append([]recovery.Journal{c.j}, e.Journals...)
		counted := e.Counted()
		if got := counted.Journals[0].Phase; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if again := counted.Counted(); !reflect.DeepEqual(again, counted) {
			t.Errorf("%s: counted again it is %+v", name, again.Journals)
		}
		if !reflect.DeepEqual(e.Journals[0], c.j) {
			t.Errorf("%s: the evidence was changed", name)
		}
	}
}

func abandon(j recovery.Journal) recovery.Journal {
	j.End(recovery.PhaseAbandoned, began())
	return j
}

// removed is a join whose learner was taken out of the cluster again, to be added anew.
func removed(j recovery.Journal) recovery.Journal {
	j.Phase, j.Learner, j.Removed = recovery.PhaseMoved, "", j.Learner
	return j
}

// TestPlaces has the data of a node whose operation has chosen a place for it, or not.
func TestPlaces(t *testing.T) {
	free := recovery.Evidence{OldData: "/old/2", OldWAL: "/oldwal/2", Disk: &recovery.OnDisk{MemberID: 2}}
	empty := recovery.Evidence{OldData: "/old/2", Empty: true}
	join := func(p recovery.Phase, whole bool, learner string) *recovery.Journal {
		return &recovery.Journal{
			Operation: recovery.OperationMember,
			Phase:     p,
			Learner:   learner,
			Places:    recovery.Places{Data: "/old/1", Whole: whole},
		}
	}
	second := recovery.Places{Data: "/old/2", WAL: "/oldwal/2"}
	for name, c := range map[string]struct {
		e           recovery.Evidence
		j           *recovery.Journal
		kept, aside recovery.Places
	}{
		"a new operation": {e: free, kept: second},
		"nothing to keep": {e: empty},
		"moved in part":   {e: free, j: join(recovery.PhaseMoving, false, ""), kept: recovery.Places{Data: "/old/1"}},
		"moved": {
			e:    empty,
			j:    join(recovery.PhaseMoved, true, ""),
			kept: recovery.Places{Data: "/old/1", Whole: true},
		},
		"moved, and the data of its learner is there": {
			e:     free,
			j:     join(recovery.PhaseAdded, true, "2"),
			kept:  recovery.Places{Data: "/old/1", Whole: true},
			aside: second,
		},
		"moved, and data of another life is there": {e: free, j: join(recovery.PhaseAdded, true, "3"), kept: second},
	} {
		j := c.j
		if j != nil {
			c.e.Journals = []recovery.Journal{*j}
			j = &c.e.Counted().Journals[0]
		}
		if got := c.e.PlacesOf(j); got != c.kept {
			t.Errorf("%s: the data is kept at %+v, want %+v", name, got, c.kept)
		}
		if got := c.e.Leftover(j); got != c.aside {
			t.Errorf("%s: what is left goes to %+v, want %+v", name, got, c.aside)
		}
	}
}

// TestAboutToBeForced has a recovery whose flag was about to go in. Where the data is that of the old cluster, it was
// only copied; where its log removes all others, that was rewritten.
func TestAboutToBeForced(t *testing.T) {
	whole := recovery.Places{Data: "/old/1", WAL: "/oldwal/1", Whole: true}
	one, others := []etcd.Member{{ID: 1}}, []etcd.Member{{ID: 1}, {ID: 2}, {ID: 3}}
	joined := []etcd.Member{{ID: 1}, {ID: 8}}
	for name, c := range map[string]struct {
		members         []etcd.Member
		rewritten       bool // the log
		running, parked bool
		places          recovery.Places
		want            recovery.Phase
	}{
		"the old cluster's":                    {others, false, false, true, whole, recovery.PhaseCopied},
		"the same, and its copy is not whole":  {others, false, false, true, recovery.Places{}, recovery.PhaseStopped},
		"the same, in the kubelet's folder":    {others, false, false, false, whole, recovery.PhaseBegun},
		"the same, and it runs":                {others, false, true, true, whole, recovery.PhaseForcing},
		"removals wait to be applied":          {others, true, false, true, whole, recovery.PhaseForcing},
		"removals wait, in the folder":         {others, true, false, false, whole, recovery.PhaseForcing},
		"one has joined":                       {joined, false, false, true, whole, recovery.PhaseVoid},
		"it is alone":                          {one, false, false, true, whole, recovery.PhaseForcing},
		"it is alone, in the kubelet's folder": {one, false, false, false, whole, recovery.PhaseForcing},
	} {
		e := recovery.Evidence{Manifest: "x", Running: c.running, Disk: &recovery.OnDisk{
			ClusterID: 7, MemberID: 1, Members: c.members, Rewritten: c.rewritten,
		}}
		if c.parked {
			e.Parked = "/parked"
		}
		e.Journals = []recovery.Journal{{
			Operation: recovery.OperationSeed, ID: "x", Phase: recovery.PhaseForcing, Cluster: 7, Member: 1,
			Members: []string{"1", "2", "3"}, Places: c.places,
		}}
		if j := e.Counted().Journals[0]; j.Phase != c.want {
			t.Errorf("%s: %q, want %q", name, j.Phase, c.want)
		}
	}
}

// TestTakenUp asks for recoveries again that were abandoned: what a forced start has left is copied anew.
func TestTakenUp(t *testing.T) {
	whole := recovery.Places{Data: "/old/1", WAL: "/oldwal/1", Whole: true}
	for name, c := range map[string]struct {
		came         recovery.Phase
		serves, flag bool
		want         recovery.Phase
		copy         bool // the old one counts
	}{
		"copied":                                {recovery.PhaseCopied, false, false, recovery.PhaseCopied, true},
		"about to be verified":                  {recovery.PhaseForcing, false, false, recovery.PhaseForcing, false},
		"verified, and it is down":              {recovery.PhaseForced, false, false, recovery.PhaseForcing, false},
		"verified, and it serves":               {recovery.PhaseForced, true, false, recovery.PhaseForcing, false},
		"verified, and it serves with the flag": {recovery.PhaseForced, true, true, recovery.PhaseForcing, false},
		"unforced, and it serves":               {recovery.PhaseUnforced, true, false, recovery.PhaseForcing, false},
	} {
		j := recovery.Journal{
			Operation: recovery.OperationSeed, ID: "x", Phase: c.came, Cluster: 7, Member: 1, Places: whole,
		}
		j.End(recovery.PhaseAbandoned, began())
		e := recovery.Evidence{
			Quorum: c.serves, Running: c.serves, Journals: []recovery.Journal{j},
			Disk: &recovery.OnDisk{ClusterID: 7, MemberID: 1, Members: []etcd.Member{{ID: 1}}},
		}
		if c.flag {
			e.ForceFlag = "/etcd.yaml"
		}
		got := e.SeedJournal("x")
		if got.Phase != c.want || got.Places.Whole != c.copy || got.Copy() != whole || !got.Ended.IsZero() {
			t.Errorf("%s: %+v", name, got)
		}
		e.Disk.MemberID = 2
		if got = e.SeedJournal("x"); got.Phase != recovery.PhaseVoid {
			t.Errorf("%s, and another member's data is there: %q", name, got.Phase)
		}
	}
}

// TestGrown has a recovery whose forced start may have been at the data, and more members there than it has forced.
func TestGrown(t *testing.T) {
	ids := func(all ...etcd.ID) (members []etcd.Member) {
		for _, id := range all {
			members = append(members, etcd.Member{ID: id})
		}
		return members
	}
	for name, c := range map[string]struct {
		phase   recovery.Phase
		began   []string // members
		members []etcd.Member
		live    bool
		want    recovery.Phase
	}{
		"alone":                           {recovery.PhaseForced, nil, ids(1), false, recovery.PhaseForced},
		"others have joined":              {recovery.PhaseForced, nil, ids(1, 8), false, recovery.PhaseVoid},
		"others have joined, and answer":  {recovery.PhaseForced, nil, ids(1, 8), true, recovery.PhaseForced},
		"some of the old ones are left":   {recovery.PhaseForced, []string{"1", "2"}, ids(1, 2), false, "forced"},
		"about to be, with the old ones":  {recovery.PhaseForcing, []string{"1", "2"}, ids(1, 2), false, "forcing"},
		"about to be, and one has joined": {recovery.PhaseForcing, []string{"1", "2"}, ids(1, 8), false, "void"},
		"an older journal":                {recovery.PhaseForcing, nil, ids(1, 8), false, recovery.PhaseForcing},
	} {
		e := recovery.Evidence{
			Manifest: "x", Running: true, ForceFlag: "/etcd.yaml", Status: &etcd.Status{ClusterID: 7, MemberID: 1},
			Members: c.members,
		}
		if c.live {
			e.Live = &recovery.Live{ClusterID: 7, Members: c.members}
		}
		e.Journals = []recovery.Journal{{
			Operation: recovery.OperationSeed, ID: "x", Phase: c.phase, Cluster: 7, Member: 1, Members: c.began,
		}}
		if j := e.Counted().Journals[0]; j.Phase != c.want {
			t.Errorf("%s: %q, want %q", name, j.Phase, c.want)
		}
	}
}
