//go:build linux

package history

import "time"

// settle decides of every unknown write of one key whether it has happened, and when, which leaves nothing to guess for
// the check.
//
// Values are unique, so a value tells which write made it. A write whose value somebody has seen did happen, before the
// return of whoever saw it. "Seen" is the value that a get or a CAS that differs has found; the one that a successful
// CAS has compared with; and the one that an unknown CAS has compared with, if that CAS in its turn is known in this
// way to have happened. Such a write gets the earliest of these returns for its own.
//
// All other unknown writes are dropped, because they can't be told from ones that never happened. Take any order of the
// history in which some of them do happen. Between one of them and the next write, the key has a value that nobody has
// seen, so whatever else is ordered there depends on no value: it is a put, or another one of them. Without them,
// everything that does depend on a value still comes after the same write as before, so the order holds. And an order
// without them is one of the whole history, in which they never happened.
//
// This matters for more than speed. A checker that is to try an unknown write at every place until the end of the
// history, or at none, takes time exponential in their number, and an outage makes many.
func settle(ops []Op) []Op {
	known := sightings(ops)
	var settled []Op
	for _, op := range ops {
		if op.Outcome == Unknown {
			seen, happened := known[op.New]
			if !happened {
				continue
			}
			op.Outcome = Done
			op.Call = max(op.Call, notBefore(op.New, seen.call, ops))
			// Never before its call: if it was seen before that, the check is to find out.
			op.Return = max(op.Call, seen.back)
		}
		settled = append(settled, op)
	}
	return settled
}

// A sighting sums up the operations that saw one value.
type sighting struct {
	back time.Duration // the earliest of their returns
	call time.Duration // the latest of their calls
}

func sightings(ops []Op) map[string]sighting {
	known := map[string]sighting{}
	// saw tells whether that was news.
	saw := func(value string, call, back time.Duration) bool {
		was, is := known[value]
		now := sighting{back: back, call: max(call, was.call)}
		if is {
			now.back = min(back, was.back)
		}
		known[value] = now
		return !is || now != was
	}
	for _, op := range ops {
		if value, is := op.sees(); is {
			saw(value, op.Call, op.Return)
		}
	}
	for news := true; news; {
		news = false
		for _, op := range ops {
			if op.Kind != CAS || op.Outcome != Unknown {
				continue
			}
			if seen, happened := known[op.New]; happened && saw(op.Old, op.Call, seen.back) {
				news = true
			}
		}
	}
	return known
}

// notBefore is the earliest time for the unknown write of a value that was seen by an operation called at this time.
//
// Whatever returned before that call is ordered before that operation. If it was a write, or saw another value, it does
// not lie between the write of this value and its sighting, because the value would have been gone. So it lies before
// the write.
func notBefore(value string, seen time.Duration, ops []Op) time.Duration {
	var earliest time.Duration
	for _, op := range ops {
		other, sees := op.sees()
		if op.Outcome != Unknown && op.Return < seen && (!sees || other != value) {
			earliest = max(earliest, op.Call)
		}
	}
	return earliest
}
