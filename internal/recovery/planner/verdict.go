package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
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
	// Unreached is one of which members run that cannot be examined from here: it may be alive.
	Unreached State = "not reached"
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
	Seen     []string // members that cannot be examined from here, and that a master reaches
	Text     string   // one sentence
}

// Judge says whether the cluster of a master is alive. Masters that run another cluster, as one does that was started
// on an empty folder with --initial-cluster-state=new, count for nothing.
func Judge(all recovery.Survey, candidate string) Verdict {
	witness := all.Node(candidate)
	same := func(e recovery.Evidence) bool {
		return e.Status == nil || witness.Status == nil || e.Status.ClusterID == witness.Status.ClusterID
	}
	members := witness.Members
	for _, e := range all {
		if len(members) == 0 && same(e) {
			members = e.Members
		}
	}
	if len(members) == 0 {
		members = membersOnDisk(all, witness.Cluster())
	}
	asked := len(members) > 0
	if !asked {
		members = namedInManifests(all)
	}
	v := Verdict{Voters: CountVoters(members)}
	if v.Voters < len(all) && !asked {
		v.Voters = len(all)
	}
	v.Unknown, v.Seen = unknown(members, all), SeenElsewhere(all)
	for _, e := range all {
		switch {
		case !same(e):
		case knowsMore(e):
			v.Ahead, v.WithData = append(v.Ahead, e.Name), append(v.WithData, e.Name)
		case e.Quorum:
			v.Answers, v.WithData = append(v.Answers, e.Name), append(v.WithData, e.Name)
		case e.Readable && votes(e, all) &&
			(witness.Cluster() == 0 || e.Cluster() == 0 || e.Cluster() == witness.Cluster()):
			v.WithData = append(v.WithData, e.Name)
		}
	}
	clusters := map[etcd.ID]bool{}
	for _, e := range all {
		if candidate == "" && e.Status != nil {
			clusters[e.Status.ClusterID] = true
		}
	}
	v.State, v.Text = v.count(len(clusters), all)
	if len(v.Seen) > 0 && v.State != Alive {
		v.State = Unreached
		v.Text = fmt.Sprintf(
			"not reached: %s, and this machine cannot examine it; the cluster may be alive. Of what can be "+
				"examined: %s",
			recovery.Words(v.Seen),
			v.Text,
		)
	}
	return v
}

// count draws the verdict from the numbers.
func (v Verdict) count(clusters int, all recovery.Survey) (State, string) {
	quorum := v.Voters/2 + 1
	switch {
	case clusters > 1:
		return Unclear, fmt.Sprintf(
			"unclear: the masters run %d different clusters; one that has few writes may have been founded on an "+
				"empty folder",
			clusters,
		)
	case len(v.Answers) > 0:
		text := fmt.Sprintf("alive: a quorum of %d voters answers (%s)", v.Voters, recovery.Words(v.Answers))
		if len(v.Ahead) > 0 {
			text += fmt.Sprintf(", and knows less than %s", recovery.Words(v.Ahead))
		}
		return Alive, text
	case len(v.WithData) >= quorum:
		text := fmt.Sprintf(
			"startable: no quorum answers, but %d of %d voters (%s) still have their data, and %d are enough",
			len(v.WithData),
			v.Voters,
			recovery.Words(v.WithData),
			quorum,
		)
		if damaged := slices.DeleteFunc(
			slices.Clone(v.WithData),
			func(name string) bool { return all.Node(name).Damage == "" },
		); len(damaged) > 0 {
			text += fmt.Sprintf(
				"; that of %s is damaged: if etcd does not start with it, move it away and look again",
				recovery.Words(damaged),
			)
		}
		return Startable, text
	case len(v.WithData) > 0:
		text := fmt.Sprintf(
			"lost: %d of %d voters (%s) still have their data, and %d would be needed",
			len(v.WithData),
			v.Voters,
			recovery.Words(v.WithData),
			quorum,
		)
		if missing := unexamined(all); len(missing) > 0 && len(v.WithData)+len(missing) >= quorum {
			text += fmt.Sprintf("; unless %s, not to be examined now, still has its data", recovery.Words(missing))
		}
		return Lost, text
	}
	text := "no data: none of the surveyed masters has etcd data; only a snapshot can bring the cluster back"
	if missing := append(unexamined(all), unplaced(all)...); len(missing) > 0 {
		slices.Sort(missing)
		text = fmt.Sprintf(
			"no data: none of the masters that can be examined has etcd data; what %s has is not known",
			recovery.Words(missing),
		)
	}
	return NoData, text
}

// unplaced are masters that answer, and of which nobody knows where their data would be: that is in etcd's manifest.
func unplaced(all recovery.Survey) []string {
	var names []string
	for _, e := range all {
		if e.Reach == recovery.Reached && e.DataDir == "" {
			names = append(names, e.Name)
		}
	}
	return names
}

func unexamined(all recovery.Survey) []string {
	var names []string
	for _, e := range all {
		if e.Reach != recovery.Reached {
			names = append(names, e.Name)
		}
	}
	return names
}

// votes tells whether a member counts towards a quorum. Its own data may be older than its vote, so the others are
// heard as well.
func votes(e recovery.Evidence, all recovery.Survey) bool {
	if removedFor(e, all) != "" {
		return false
	}
	if !e.Learner() && (e.Disk == nil || !e.Disk.Removed) {
		return true
	}
	self, _ := e.Progress()
	for _, o := range all {
		members := o.Members
		if o.Disk != nil {
			members = o.Disk.Members
		}
		if o.Name != e.Name && o.Cluster() == self.Cluster &&
			slices.ContainsFunc(members, func(m etcd.Member) bool { return m.ID == self.Member && !m.Learner }) {
			return true
		}
	}
	return false
}

// knowsMore is true of a master whose data cannot have come from the cluster that answers: what a quorum has committed
// is never less than what one of its members has. It is what remains when wiped masters, started with
// --initial-cluster-state=new while the survivor was down, have founded the cluster anew, under the same IDs and empty.
func knowsMore(e recovery.Evidence) bool {
	if e.Live == nil || e.Quorum || !e.Readable {
		return false
	}
	if e.Status != nil {
		// One that follows a leader may only have been asked a moment later.
		return e.Status.ClusterID == e.Live.ClusterID && e.Status.Leader == 0 && e.Status.RaftIndex > e.Live.Commit
	}
	if s := e.Disk; s != nil && !e.Running && s.ClusterID == e.Live.ClusterID &&
		slices.ContainsFunc(e.Live.Members, func(m etcd.Member) bool { return m.ID == s.MemberID }) {
		// One that a recovery has left behind is not listed any more, and may have been ahead.
		return s.Committed() > e.Live.Commit || s.LastTerm > e.Live.Term
	}
	return e.Live.Revision <= 1 // nothing was ever written there
}

// unknown are the members that none of the surveyed masters can be. A master that is silent or has no manifest may be
// any one of them.
func unknown(members []etcd.Member, all recovery.Survey) []string {
	var without []string
	unidentified := 0
	for _, e := range all {
		if e.MemberName == "" {
			unidentified++
		}
	}
	for _, m := range members {
		if !slices.ContainsFunc(
			all,
			func(e recovery.Evidence) bool { return e.MemberName != "" && e.IsMember(m) },
		) {
			without = append(without, fmt.Sprintf("%s (%s)", m.Name, strings.Join(m.PeerURLs, ",")))
		}
	}
	if len(without) <= unidentified {
		return nil
	}
	return without
}

// removedFor is the master on whose disk it stands that another one's member was removed from their cluster, "" where
// there is none. A member that is added again has another ID.
func removedFor(e recovery.Evidence, all recovery.Survey) string {
	self, known := e.Progress()
	if !known {
		return ""
	}
	for _, o := range all {
		if o.Disk != nil && o.Name != e.Name && o.Disk.ClusterID == self.Cluster &&
			slices.Contains(o.Disk.RemovedMembers, self.Member) {
			return o.Name
		}
	}
	return ""
}

// membersOnDisk are the members of a cluster, or of any where it is not known, as the stopped member knows them whose
// log goes furthest. One on which a forced start was begun and not finished knows itself alone.
func membersOnDisk(all recovery.Survey, cluster etcd.ID) []etcd.Member {
	var best *recovery.Evidence
	for _, e := range all {
		if e.Disk == nil || CountVoters(e.Disk.Members) == 0 || e.Disk.Removed || forcing(e) ||
			cluster != 0 && e.Disk.ClusterID != cluster {
			continue
		}
		if best == nil {
			best = &e
			continue
		}
		p, _ := e.Progress()
		if q, _ := best.Progress(); p.Further(q) < 0 {
			best = &e
		}
	}
	if best == nil {
		return nil
	}
	return best.Disk.Members
}

// forcing is true of a master on which a recovery has begun to force a new cluster and has not finished.
func forcing(e recovery.Evidence) bool {
	return slices.ContainsFunc(e.Journals, func(j recovery.Journal) bool {
		return j.Operation == recovery.OperationSeed && j.Open() && j.Reached(recovery.PhaseForcing)
	})
}

// namedInManifests are the members that the manifests and the survey speak of, for a cluster of which no member and no
// disk can be asked.
func namedInManifests(all recovery.Survey) []etcd.Member {
	var members []etcd.Member
	add := func(m etcd.Member) {
		if !slices.ContainsFunc(
			members,
			func(have etcd.Member) bool {
				return have.Name == m.Name || recovery.SharesURL(have.PeerURLs, m.PeerURLs)
			},
		) {
			members = append(members, m)
		}
	}
	for _, e := range all {
		if e.MemberName != "" {
			add(etcd.Member{Name: e.MemberName, PeerURLs: e.PeerURLs})
		}
	}
	for _, e := range all {
		for _, m := range e.InitialCluster() {
			add(m)
		}
	}
	return members
}

func CountVoters(members []etcd.Member) int {
	voters := 0
	for _, m := range members {
		if !m.Learner {
			voters++
		}
	}
	return voters
}
