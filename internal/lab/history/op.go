//go:build linux

package history

import (
	"fmt"
	"time"
)

// Kind is what an operation does.
type Kind int

// The kinds.
const (
	Get Kind = iota // linearizable
	Put
	CAS // compare and swap: a transaction that writes if the key has the value Old, and reads it otherwise
)

// Outcome is what the client knows of an operation.
type Outcome int

// The outcomes.
const (
	Done    Outcome = iota // as asked for, and acknowledged
	Differs                // a CAS that found another value
	Unknown                // a write that failed: it may have happened at any time after its call, or never
)

// Op is one operation on one key. The value "" stands for a key that is not there.
type Op struct {
	Client   int
	Kind     Kind
	Key      string
	Old      string // which a CAS compares with
	New      string // which a Put or CAS writes; no two operations write the same
	Seen     string // which a Get, or a CAS that differs, has found
	Outcome  Outcome
	Call     time.Duration // since the start, by the monotonic clock
	Return   time.Duration
	Revision int64 // in the header of the answer
}

// writes tells whether the operation is one that changes the key, if it happens.
func (o Op) writes() bool { return o.Kind != Get && o.Outcome != Differs }

// sees returns the value that the key must have had, which an acknowledged put and an unknown write do not tell.
func (o Op) sees() (value string, known bool) {
	switch {
	case o.Outcome == Unknown:
		return "", false
	case !o.writes():
		return o.Seen, true
	case o.Kind == CAS:
		return o.Old, true
	default:
		return "", false
	}
}

func (o Op) String() string {
	var what string
	switch o.Kind {
	case Get:
		what = fmt.Sprintf("get → %q", o.Seen)
	case Put:
		what = fmt.Sprintf("put %q", o.New)
	case CAS:
		what = fmt.Sprintf("cas %q to %q", o.Old, o.New)
	}
	switch o.Outcome {
	case Done:
	case Differs:
		what += fmt.Sprintf(" → differs, %q", o.Seen)
	case Unknown:
		what += " → unknown"
	}
	return fmt.Sprintf("client %d, %s, %v to %v, revision %d", o.Client, what,
		o.Call.Round(time.Microsecond), o.Return.Round(time.Microsecond), o.Revision)
}
