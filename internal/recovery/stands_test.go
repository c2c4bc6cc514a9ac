package recovery

import (
	"strings"
	"testing"
	"time"
)

// TestStands has refusals of a second apply: they change nothing, and say what the first has changed.
func TestStands(t *testing.T) {
	began := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name     string
		journals []Journal
		want     string
	}{
		{name: "the first", want: nothingTouched},
		{name: "added", journals: []Journal{{Operation: "member", Master: "m2", Started: began, Marks: map[string]string{markLearner: "8e9e", markOldData: "/old"}}},
			want: "nothing this time. An earlier apply left it so: m2 was added to the cluster as learner 8e9e, which does not count for the quorum; its data from before is in /old. The other members work on."},
		{name: "stopped", journals: []Journal{{Operation: "member", Master: "m2", Started: began, Marks: map[string]string{markRemoved: "8e9e"}}},
			want: "nothing this time. An earlier apply left it so: etcd may be stopped on m2, with its manifest at /parked. Its data is where it was, and the other members work on. The entry that was left of it (8e9e) is removed from the cluster, so going on is the way."},
		{name: "finished", journals: []Journal{{Operation: "member", Master: "m2", Started: began, Finished: began, Marks: map[string]string{markLearner: "8e9e"}}}, want: nothingTouched},
		{name: "a join of the cluster before the recovery", want: nothingTouched, journals: []Journal{
			{Operation: "member", Master: "m2", Started: began, Marks: map[string]string{markLearner: "8e9e"}},
			{Operation: "seed", Master: "m2", Started: began.Add(time.Hour), Finished: began.Add(2 * time.Hour)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := DecideMember(Evidence{Name: "m2", Reach: Reached, Problems: []string{"no kubelet"}, Parked: "/parked", Journals: c.journals}, Cluster{}, false)
			if r, ok := IsRefusal(err); !ok || r.Untouched != c.want {
				t.Errorf("got %v", err)
			}
		})
	}
	seed := Evidence{Name: "m1", Reach: Reached, Problems: []string{"no kubelet"}, Journals: []Journal{{Operation: "seed", ID: "test", Master: "m1", Started: began,
		Marks: map[string]string{markMoved: "m1 m2", markOldData: "/old", markForcing: "begun"}}}}
	_, err := DecideSeed(map[string]Evidence{"m1": seed, "m2": {Name: "m2", Reach: Refused, ReachError: "no"}}, SeedRequest{RecoveryID: "test"})
	if err == nil || !strings.Contains(err.Error(), "An earlier apply left it so: etcd may have rewritten its log on m1 with the force flag, which was not confirmed yet; its data from before is whole in /old. Going on is the way.") {
		t.Errorf("got %v", err)
	}
}
