//go:build linux

package history

import "time"

// Report is what a Recorder has recorded.
type Report struct {
	Acked   int // writes that etcd has acknowledged
	Unknown int // writes that failed, those that Stop broke off included
	Reads   int // answered gets, and compare-and-swaps that found another value
	// Between two acknowledged writes of any client, or from the start to the first, or from the last to Stop.
	LongestGap  time.Duration
	GapEnded    time.Time // when that gap ended
	LastFailure error     // of an operation that Stop did not break off

	Began  time.Time // what the times of operations are counted from
	Prefix string    // of all keys
	Keys   []string
	Ops    []Op // in the order of their returns; reads that failed are not among them
}

// add counts an operation that has just returned. last is when the last acknowledged write did; the result replaces it.
func (r *Report) add(op Op, last time.Duration) time.Duration {
	r.Ops = append(r.Ops, op)
	switch {
	case op.Outcome == Unknown:
		r.Unknown++
	case !op.writes():
		r.Reads++
	default:
		r.Acked++
		r.gap(last, op.Return)
		return max(last, op.Return)
	}
	return last
}

func (r *Report) gap(from, to time.Duration) {
	if to-from > r.LongestGap {
		r.LongestGap, r.GapEnded = to-from, r.Began.Add(to)
	}
}
