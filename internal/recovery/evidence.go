package recovery

import (
	"maps"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// Reach tells how a master answered.
type Reach string

const (
	// Reached is a master that could be examined.
	Reached Reach = "reached"
	// Refused is a master that is there but could not be examined: login, host key, privilege, kubelet or runtime are
	// in the way. It may run etcd.
	Refused Reach = "refused"
	// Silent is a master that said nothing itself.
	Silent Reach = "silent"
)

// Why a node was not reached. The first of them are of silent nodes, the next three of such that refuse. The last is
// no evidence of the node: it refuses, as far as anybody knows.
const (
	KindTimeout     = node.KindTimeout
	KindNoRoute     = node.KindNoRoute
	KindName        = node.KindName
	KindJump        = node.KindJump
	KindRefusedPort = node.KindRefusedPort
	KindNoBanner    = node.KindNoBanner

	KindLogin   = node.KindLogin
	KindHostKey = node.KindHostKey
	KindCommand = node.KindCommand

	KindLocal = node.KindLocal
)

// Evidence is what was found on one master. It is plain data: it travels from the plan to the apply. What is looked for
// was seen, or is proved to be absent, or is among what is not known, with the reason; Unsaid holds a survey to that.
type Evidence struct {
	Name       string
	Reach      Reach
	ReachKind  string   `json:",omitempty"` // one of the kinds below, "" where it was reached
	ReachError string   `json:",omitempty"`
	Problems   []string `json:",omitempty"` // what forbids changing this master, each with its remedy
	Warnings   []string `json:",omitempty"` // what is not in the way, but will be
	NoManifest bool     `json:",omitempty"` // no file the kubelet reads, and none that we parked, is an etcd pod
	// Nothing of Kubernetes and of etcd is there: no folder of manifests, no kubelet, no process of etcd, and nothing
	// that listens at its ports.
	Bare bool `json:",omitempty"`
	// A folder that holds the data of a member, on a node without an etcd manifest: at the usual place, or where a
	// journal of this node says.
	StrayData string `json:",omitempty"`
	Host      string `json:",omitempty"` // where SSH reaches it, as the operator wrote it
	// The node's own IP addresses, without loopback and link-local ones. Some may be those of other nodes too: of
	// bridges, services, or one that moves between nodes.
	Addresses []string `json:",omitempty"`
	Owner     *Owner   `json:",omitempty"` // of an etcd pod that is not the operator's own
	Signs     []string `json:",omitempty"` // of distributions and controllers: the paths that are there
	ForceFlag string   `json:",omitempty"` // the path of a manifest that the kubelet reads and that has the force flag

	ManifestPath string // in the kubelet's folder
	Manifest     string // the operator's own text, wherever it is at the moment
	// The place to which it was moved, if it is not in the kubelet's folder, and the folder in which one is looked for.
	Parked    string `json:",omitempty"`
	ParkedDir string `json:",omitempty"`
	// The recovery that has stopped it and then forced a new cluster of the one whose data this is, "" where there is
	// none.
	LeftBy    string       `json:",omitempty"`
	Runtime   node.Runtime // how its containers are asked for
	Running   bool         // an etcd container runs
	OtherPods []string     `json:",omitempty"` // whose names begin as that of etcd's
	Kubelet   Kubelet

	MemberName string
	PeerURLs   []string
	Image      string

	DataDir, WALDir string // on the master; WALDir is "" when it is in DataDir
	// Where the file system is mounted on which DataDir is; "" where that is not known.
	Mount     string `json:",omitempty"`
	DataBytes int64
	FreeBytes int64
	Readable  bool   // log and database are there
	Damage    string `json:",omitempty"` // of the log or the database of a member that does not answer
	TooNew    string `json:",omitempty"` // why the etcd of the image does not start with the data
	Empty     bool   // nothing is there, which is proved
	NoLog     bool   // there is no WAL file, which is proved: no member has ever run with what is there
	Foreign   string `json:",omitempty"` // what is there instead of a member/ folder
	OldData   string // the free place for what is there now
	OldWAL    string `json:",omitempty"`

	Status *etcd.Status `json:",omitempty"` // of a running member
	// It answered a linearizable read, or refused one for want of a user, which it does only after a quorum has agreed.
	// In the latter case status and members may be unknown.
	Quorum  bool
	Auth    bool          `json:",omitempty"` // etcd asks for a user, which this provider has not
	Members []etcd.Member `json:",omitempty"` // as this member knows them
	Removed []etcd.ID     `json:",omitempty"` // of a running learner: members of the past, from its disk
	Alarms  []string      `json:",omitempty"` // as this member knows them, without a quorum or stopped too
	Tail    *Tail         `json:",omitempty"` // of the log of a running member that has no leader
	Entries []LogEntry    `json:",omitempty"` // of the log of a member without a leader, which others have too
	Hash    *Hash         `json:",omitempty"` // of the data of a running member that has no leader
	// Other members, as seen from this master: those of its own list, and those of the cluster that has a quorum. Not
	// asked for on a member of that quorum.
	Peers []Peer `json:",omitempty"`

	Disk *OnDisk `json:",omitempty"` // what the data of a member says that does not answer

	LastWords []string `json:",omitempty"` // of an etcd container that does not serve: what it died of

	// Another node whose etcd runs as the same member of the same cluster, "" where there is none.
	Twin string `json:",omitempty"`

	Unknown Unknown `json:",omitzero"`

	Journals []Journal `json:",omitempty"`
	Live     *Live     `json:",omitempty"` // the cluster that has a quorum, as any of the surveyed masters sees it
}

// Hash is that of a member's keys at its own revision, as HashKV computes it. Two compare only at one revision and one
// compact revision.
type Hash struct {
	Revision, CompactRevision int64
	Value                     uint32
}

// Peer is a member that a master was asked to look for.
type Peer struct {
	Name    string `json:",omitempty"` // of the member, or its ID where it has none yet
	URL     string
	Answers bool // an etcd, or anything that takes connections there
}

// Live is a cluster that answers.
type Live struct {
	ClusterID etcd.ID
	Members   []etcd.Member
	Commit    uint64 // the furthest commit index of those that answer
	Term      uint64
	Revision  int64
	Twins     []string `json:",omitempty"` // two nodes that answer as one member of it
}

// Lists reports whether a member is one of the cluster's.
func (l *Live) Lists(id etcd.ID) bool {
	return slices.ContainsFunc(l.Members, func(m etcd.Member) bool { return m.ID == id })
}

// Within reports whether a running member is one of a cluster: that lists it, and it knows another one of the list. One
// that was forced by hand has the others' cluster ID and serves alone.
func (e Evidence) Within(l *Live) bool {
	if e.Status == nil || e.Status.ClusterID != l.ClusterID || !l.Lists(e.Status.MemberID) {
		return false
	}
	return len(l.Members) == 1 || slices.ContainsFunc(e.Members, func(m etcd.Member) bool {
		return m.ID != e.Status.MemberID && l.Lists(m.ID)
	})
}

// Parse gives the manifest, which was parsed once already when the evidence was taken.
func (e Evidence) Parse() (*manifest.Manifest, error) { return manifest.Parse([]byte(e.Manifest)) }

// Workload is etcd's container in terms of the runtime. The pod of the forced start has a longer name with the same
// beginning.
func (e Evidence) Workload() node.Workload {
	pod, err := e.Parse()
	if err != nil {
		return node.Workload{Namespace: "kube-system", Pod: "etcd", Container: "etcd"}
	}
	return node.Workload{
		Namespace:   pod.Namespace(),
		Pod:         pod.PodName(),
		Container:   pod.ContainerName(),
		Others:      e.OtherPods,
		KeepKubelet: !e.Kubelet.Expired.IsZero(),
	}
}

// hash identifies the manifest that a plan was made for.
func (e Evidence) ManifestHash() string { return node.Hash([]byte(e.Manifest)) }

// Self is the member that this master's manifest makes.
func (e Evidence) Self() manifest.Member {
	return manifest.Member{Name: e.MemberName, PeerURLs: e.PeerURLs}
}

// IsMember tells whether an entry of a member list is this master's.
func (e Evidence) IsMember(m etcd.Member) bool {
	return e.Self().Is(manifest.Member{Name: m.Name, PeerURLs: m.PeerURLs})
}

// KnownMembers are those that the node's member knows, by its word or by its disk; none where neither is known.
func (e Evidence) KnownMembers() []etcd.Member {
	if len(e.Members) == 0 && e.Disk != nil {
		return e.Disk.Members
	}
	return e.Members
}

func SharesURL(a, b []string) bool {
	return slices.ContainsFunc(a, func(u string) bool { return slices.Contains(b, u) })
}

// SeedJournal finds this node's journal of a recovery that was begun from it. Who asks for one by its ID that was
// abandoned takes it up again, unless the data has had another life since.
func (e Evidence) SeedJournal(id string) *Journal {
	for i := range e.Journals {
		j := &e.Journals[i]
		switch {
		case j.Operation != OperationSeed || j.ID != id:
		case j.Phase == PhaseAbandoned:
			if own := e.TakenUp(j); own != nil {
				return own
			}
			own := j.Clone()
			own.Phase = PhaseVoid
			return own
		default:
			return e.count(j)
		}
	}
	return nil
}

// Survey is what was seen on all nodes at one time, in the order of their names.
type Survey []Evidence

// SurveyOf puts evidence in order.
func SurveyOf(nodes map[string]Evidence) Survey {
	s := make(Survey, 0, len(nodes))
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		e := nodes[name]
		e.Name = name
		s = append(s, e)
	}
	return s
}

// Find returns the evidence on one node, and whether it was surveyed.
func (s Survey) Find(name string) (Evidence, bool) {
	for _, e := range s {
		if e.Name == name {
			return e, true
		}
	}
	return Evidence{}, false
}

// Node returns the evidence on one node, with nothing in it where it was not surveyed.
func (s Survey) Node(name string) Evidence {
	e, _ := s.Find(name)
	return e
}

func Names(list []Evidence) []string {
	var n []string
	for _, e := range list {
		n = append(n, e.Name)
	}
	return n
}

// Words joins names for a sentence, "none" where there is none.
func Words(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// LiveOf is the cluster that answers with a quorum, nil where none does.
func LiveOf(all Survey) *Live {
	for _, e := range all {
		return e.Live
	}
	return nil
}

// InitialCluster are the members that the manifest names.
func (e Evidence) InitialCluster() []etcd.Member {
	m, err := e.Parse()
	if err != nil {
		return nil
	}
	var members []etcd.Member
	for _, entry := range strings.Split(m.InitialCluster(), ",") {
		if name, url, ok := strings.Cut(entry, "="); ok {
			members = append(members, etcd.Member{Name: name, PeerURLs: []string{url}})
		}
	}
	return members
}
