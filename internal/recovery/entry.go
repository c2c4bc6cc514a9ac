package recovery

// LogEntry is what one log has at an index, to be held against the same index of another one. Raft never has two
// different entries of one term there (the log matching property): such logs are of different histories, and logs that
// have one entry in common have all that is before it in common.
type LogEntry struct {
	Index, Term uint64
	Sum         uint64 // of its bytes; 0 where there are none, as in the entry with which a leader begins its term
}

// EntryAt is what is known of an entry of a member's log; false where nothing is.
func (e Evidence) EntryAt(index uint64) (LogEntry, bool) {
	for _, entry := range e.Entries {
		if entry.Index == index {
			return entry, true
		}
	}
	return LogEntry{}, false
}

// Compared reports whether the logs of two nodes are held against each other: those of one cluster ID that are no part
// of a quorum, and with each of them that of one node which is. What a recovery has left behind is another history on
// purpose.
func (s Survey) Compared(a, b Evidence) bool {
	switch {
	case a.Name == b.Name || a.Cluster() == 0 || a.Cluster() != b.Cluster():
		return false
	case !a.Quorum && led(a) || !b.Quorum && led(b):
		return false
	case a.Quorum && b.Quorum:
		return false
	case a.Quorum:
		return s.speaksFor(a) && s.LeftBy(b) == ""
	case b.Quorum:
		return s.speaksFor(b) && s.LeftBy(a) == ""
	}
	return true
}

// led reports whether a member adds to its log.
func led(e Evidence) bool { return e.Status != nil && e.Status.Leader != 0 }

// speaksFor reports whether a node is the first of those that serve a cluster.
func (s Survey) speaksFor(e Evidence) bool {
	for _, o := range s {
		if o.Quorum && o.Cluster() == e.Cluster() {
			return o.Name == e.Name
		}
	}
	return false
}
