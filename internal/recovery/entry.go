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
