package recovery

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// State is what the evidence says of the cluster as a whole.
type State string

const (
	// Alive is a cluster of which a majority answers: members can join it, and nothing may be forced.
	Alive State = "alive"
	// Startable is one without a majority now, which would have one if masters that still have their data ran etcd.
	Startable State = "startable"
	// Lost is one whose majority is gone for good, with at least one master that has data.
	Lost State = "lost"
	// Unclear is what masters of different clusters add up to, while none of them is named as the seed.
	Unclear State = "unclear"
	// NoData is one of which no surveyed master has anything left: a snapshot has to be restored.
	NoData State = "no data"
)

// Verdict is the state of a cluster with the count that says so.
type Verdict struct {
	State    State
	Voters   int      // of the cluster, as the best witness knows it
	WithData []string // masters that hold readable data of it
	Answers  []string // masters whose etcd answers a linearizable read
	Ahead    []string // masters that know more than the cluster that answers
	Unknown  []string // members that none of the surveyed masters is
	Text     string   // one sentence
}

// Judge says whether the cluster of a master is alive. Masters that run another cluster, as one does that was started on an empty folder
// with --initial-cluster-state=new, count for nothing.
func Judge(all map[string]Evidence, candidate string) Verdict {
	witness := all[candidate]
	same := func(e Evidence) bool {
		return e.Status == nil || witness.Status == nil || e.Status.ClusterID == witness.Status.ClusterID
	}
	members := witness.Members
	for _, e := range sorted(all) {
		if len(members) == 0 && same(e) {
			members = e.Members
		}
	}
	if len(members) == 0 {
		members = namedInManifests(all)
	}
	v := Verdict{Voters: countVoters(members)}
	if v.Voters < len(all) && witness.Members == nil {
		v.Voters = len(all)
	}
	v.Unknown = unknown(members, all)
	for _, e := range sorted(all) {
		switch {
		case !same(e):
		case e.knowsMore():
			v.Ahead, v.WithData = append(v.Ahead, e.Name), append(v.WithData, e.Name)
		case e.Quorum:
			v.Answers, v.WithData = append(v.Answers, e.Name), append(v.WithData, e.Name)
		case e.Readable:
			v.WithData = append(v.WithData, e.Name)
		}
	}
	quorum := v.Voters/2 + 1
	clusters := map[etcd.ID]bool{}
	for _, e := range all {
		if candidate == "" && e.Status != nil {
			clusters[e.Status.ClusterID] = true
		}
	}
	switch {
	case len(clusters) > 1:
		v.State = Unclear
		v.Text = fmt.Sprintf("unclear: the masters run %d different clusters; one that has few writes may have been founded on an empty folder", len(clusters))
	case len(v.Answers) > 0:
		v.State = Alive
		v.Text = fmt.Sprintf("alive: a quorum of %d voters answers (%s)", v.Voters, words(v.Answers))
		if len(v.Ahead) > 0 {
			v.Text += fmt.Sprintf(", and knows less than %s", words(v.Ahead))
		}
	case len(v.WithData) >= quorum:
		v.State = Startable
		v.Text = fmt.Sprintf("startable: no quorum answers, but %d of %d voters (%s) still have their data, and %d are enough", len(v.WithData), v.Voters, words(v.WithData), quorum)
	case len(v.WithData) > 0:
		v.State = Lost
		v.Text = fmt.Sprintf("lost: %d of %d voters (%s) still have their data, and %d would be needed", len(v.WithData), v.Voters, words(v.WithData), quorum)
	default:
		v.State = NoData
		v.Text = "no data: none of the surveyed masters has etcd data; only a snapshot can bring the cluster back"
	}
	return v
}

// knowsMore is true of a master whose data cannot have come from the cluster that answers: what a quorum has committed is never less than
// what one of its members has. It is what remains when wiped masters, started with --initial-cluster-state=new while the survivor was
// down, have founded the cluster anew, under the same IDs and empty.
func (e Evidence) knowsMore() bool {
	if e.Live == nil || e.Quorum || !e.Readable {
		return false
	}
	if e.Status != nil {
		// One that follows a leader may only have been asked a moment later.
		return e.Status.ClusterID == e.Live.ClusterID && e.Status.Leader == 0 && e.Status.RaftIndex > e.Live.Commit
	}
	return e.Live.Revision <= 1 // nothing was ever written there
}

// unknown are the members that none of the surveyed masters can be. A master that is silent or has no manifest may be any one of them.
func unknown(members []etcd.Member, all map[string]Evidence) []string {
	var without []string
	unidentified := 0
	for _, e := range all {
		if e.MemberName == "" {
			unidentified++
		}
	}
	for _, m := range members {
		if !slices.ContainsFunc(sorted(all), func(e Evidence) bool { return e.MemberName != "" && e.isMember(m) }) {
			without = append(without, fmt.Sprintf("%s (%s)", m.Name, strings.Join(m.PeerURLs, ",")))
		}
	}
	if len(without) <= unidentified {
		return nil
	}
	return without
}

// namedInManifests are the members that the manifests and the survey speak of, for a cluster of which no member can be asked. An old
// --initial-cluster may name too many, which errs on the side of not forcing.
func namedInManifests(all map[string]Evidence) []etcd.Member {
	var members []etcd.Member
	add := func(name string, urls []string) {
		if !slices.ContainsFunc(members, func(m etcd.Member) bool { return m.Name == name || sharesURL(m.PeerURLs, urls) }) {
			members = append(members, etcd.Member{Name: name, PeerURLs: urls})
		}
	}
	for _, e := range sorted(all) {
		if e.MemberName != "" {
			add(e.MemberName, e.PeerURLs)
		}
	}
	for _, e := range sorted(all) {
		m, err := e.parse()
		if err != nil {
			continue
		}
		for _, entry := range strings.Split(m.InitialCluster(), ",") {
			if name, url, ok := strings.Cut(entry, "="); ok {
				add(name, []string{url})
			}
		}
	}
	return members
}

func countVoters(members []etcd.Member) int {
	voters := 0
	for _, m := range members {
		if !m.Learner {
			voters++
		}
	}
	return voters
}
