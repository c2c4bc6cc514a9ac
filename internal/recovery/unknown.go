package recovery

import (
	"maps"
	"slices"
)

// Unknown says of what a survey looks for on a node and has not found why that proves nothing. Each is "" where it was
// found, or where it is proved that there is none.
type Unknown struct {
	Manifest string `json:",omitempty"` // which file is etcd's, or where that has its data: so neither is what is there
	Status   string `json:",omitempty"` // how an etcd is that runs
	Quorum   string `json:",omitempty"` // whether it has a quorum: a linearizable read was tried, and proved nothing
	Data     string `json:",omitempty"` // whether data is there: a disk is not mounted, a folder cannot be read
	Disk     string `json:",omitempty"` // what the data of a member says that does not answer
	Peers    string `json:",omitempty"` // which members the node reaches: a problem, with its remedy
	Journals string `json:",omitempty"` // what was begun on the node
}

// Unsaid returns what the evidence is silent of: neither was it seen, nor is it proved to be absent, nor is it said why
// it is not known. There is nothing like that in a survey.
func (e Evidence) Unsaid() []string {
	if e.Reach != Reached {
		return unsaid(map[string]bool{"reach": e.ReachError != ""})
	}
	placed := e.DataDir != ""
	return unsaid(map[string]bool{
		"manifest": e.Manifest != "" || e.NoManifest || e.Unknown.Manifest != "",
		"status":   e.Status != nil || !e.Running || e.Unknown.Status != "" || e.Unknown.Manifest != "" || e.NoManifest,
		"quorum": e.Quorum || e.Status == nil || e.Status.Leader == 0 || e.Status.Learner ||
			e.Unknown.Quorum != "",
		"data": placed || e.NoManifest || e.Unknown.Manifest != "",
		"disk": !placed || !e.Readable || e.Status != nil || e.Disk != nil || e.Damage != "" || e.Unknown.Disk != "",
	})
}

func unsaid(said map[string]bool) []string {
	var none []string
	for _, what := range slices.Sorted(maps.Keys(said)) {
		if !said[what] {
			none = append(none, what)
		}
	}
	return none
}
