package datadir

import (
	"slices"
	"testing"
)

// TestConfState has the membership follow from the log of an etcd before 3.5, where that has all of it.
func TestConfState(t *testing.T) {
	s := &State{Log: Log{FirstIndex: 1, LastIndex: 13, Commit: 9, changes: []change{
		{1, 1, AddVoter},
		{2, 2, AddVoter},
		{5, 3, AddLearner},
		{7, 1, RemoveMember},
		{8, 4, AddLearner},
		{9, 4, AddVoter},
		{12, 2, RemoveMember},
	}}}
	s.Backend.ConsistentIndex = 4 // which a change of members alone leaves as it was
	if err := s.confState(t.Context(), nil); err != nil || !slices.Equal(s.Backend.Voters, []uint64{2, 4}) ||
		!slices.Equal(s.Backend.Learners, []uint64{3}) {
		t.Errorf("voters %v, learners %v, error %v", s.Backend.Voters, s.Backend.Learners, err)
	}
	s.Log.FirstIndex, s.Log.Snapshot, s.Backend = 4, 2, Backend{}
	if err := s.confState(t.Context(), nil); err != nil || s.Backend.Voters != nil {
		t.Errorf("entries between the snapshot and the log were not read: voters %v, error %v", s.Backend.Voters, err)
	}
}

// TestSnapshotEndsLog has a log whose last word is a snapshot from the leader: what was before it says nothing.
func TestSnapshotEndsLog(t *testing.T) {
	p := &piece{Log: Log{
		FirstIndex: 100, LastIndex: 110, LastTerm: 2, Terms: []Term{{From: 100, Term: 2}}, Commit: 500,
		sums: make([]uint64, 11),
	}, hasState: true, snapshots: []position{{500, 5}}}
	l, err := join([]*piece{p}, nil, false)
	if err != nil || l.LastIndex != 500 || l.LastTerm != 5 || l.TermOf(105) != 0 || l.TermOf(500) != 0 {
		t.Errorf("error %v, log %+v", err, l)
	}
}
