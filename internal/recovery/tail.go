package recovery

// Tail is the last entry in the log of a member that runs.
type Tail struct{ Index, Term uint64 }
