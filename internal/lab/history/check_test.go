//go:build linux

package history

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Hand-made operations on one key, from one time to another.

func put(value string, call, back time.Duration) Op {
	return Op{Kind: Put, Key: "k", New: value, Call: call, Return: back}
}

func get(value string, call, back time.Duration) Op {
	return Op{Kind: Get, Key: "k", Seen: value, Call: call, Return: back}
}

func cas(old, value string, call, back time.Duration) Op {
	return Op{Kind: CAS, Key: "k", Old: old, New: value, Call: call, Return: back}
}

func differs(old, value, seen string, call, back time.Duration) Op {
	op := cas(old, value, call, back)
	op.Outcome, op.Seen = Differs, seen
	return op
}

func unknown(op Op) Op {
	op.Outcome = Unknown
	return op
}

// TestCheck holds histories of one key against what etcd may do. One operation begins when the one before it has ended,
// unless it says how long it lasts.
func TestCheck(t *testing.T) {
	for name, c := range map[string]struct{ history, want string }{
		"in order": {
			"put a, get a, cas a to b, cas a to c finds b, get b",
			linearizable,
		},
		"absent at first": {
			"get nothing, put a",
			linearizable,
		},
		"created by a cas": {
			"cas nothing to a, cas nothing to b finds a",
			linearizable,
		},
		"at once, seen in one order": {
			"put a during 0-9, put b during 0-9, get b during 1-2, get a during 3-4",
			linearizable,
		},
		"at once, seen in both orders": {
			"put a during 0-9, put b during 0-9, get b during 1-2, get a during 3-4, get b during 5-6",
			`get → "b"`,
		},
		"keys are apart": {
			"put a, get nothing of another, get a",
			linearizable,
		},
		"acknowledged, and lost": {
			"put a, put b, get a",
			`get → "a"`,
		},
		"the only one, lost": {
			"put a, get nothing",
			`get → ""`,
		},
		"lost on another key": {
			"put a, get a, put b of another, get nothing of another",
			"of another",
		},
		"a cas, lost": {
			"put a, cas a to b, get a",
			`get → "a"`,
		},
		"stale read": {
			"put a, put b, get b, get a",
			`get → "a"`,
		},
		"stale read by a cas": {
			"put a, put b, cas c to d finds a",
			"differs",
		},
		"reordered": {
			"put a, put b, put c, get b",
			`get → "b"`,
		},
		"two cas of the same": {
			"put a, cas a to b during 2-9, cas a to c during 2-9",
			"cas",
		},
		"a cas that should not differ": {
			"put a, cas a to b finds a",
			"differs",
		},
		"a cas that should differ": {
			"put a, put b, cas a to c",
			"cas",
		},
		"a cas that differs writes nothing": {
			"put a, cas b to c finds a, get c",
			`get → "c"`,
		},
		"never written": {
			"put a, get x",
			`get → "x"`,
		},
		"read before it was written": {
			"get a, put a",
			`get → "a"`,
		},
		"unknown, happened at once": {
			"put a, put b unknown, get b",
			linearizable,
		},
		"unknown, happened later": {
			"put a, put b unknown, get a, put c, get c, get b",
			linearizable,
		},
		"unknown, never happened": {
			"put a, put b unknown, get a",
			linearizable,
		},
		"unknown, seen and gone": {
			"put a, put b unknown, get b, get a",
			`get → "a"`,
		},
		"unknown, twice": {
			"put b unknown, get b, put c, get b",
			`get → "b"`,
		},
		"unknown, seen three times": {
			"put a, put b unknown, get b, get b, get b",
			linearizable,
		},
		"unknown, seen before its call": {
			"put a, get b, put b unknown",
			`get → "b"`,
		},
		"unknown, seen by a cas": {
			"put a, put b unknown, cas b to c, get c",
			linearizable,
		},
		"unknown, seen by a cas that differs": {
			"put a, put b unknown, cas a to c finds b, get b",
			linearizable,
		},
		"unknown cas, happened": {
			"put a, cas a to b unknown, get b",
			linearizable,
		},
		"unknown cas, happened later": {
			"put a, cas a to b unknown, get a, get b",
			linearizable,
		},
		"unknown cas, never happened": {
			"put a, cas a to b unknown, get a",
			linearizable,
		},
		"unknown cas, could not happen": {
			"put a, put b, cas a to c unknown, get c",
			"cas",
		},
		"unknown cas, seen and gone": {
			"put a, cas a to b unknown, get b, get a",
			`get → "a"`,
		},
		"unknown cas of an unknown put": {
			"put a, put b unknown, cas b to c unknown, get c",
			linearizable,
		},
		"unknown cas of an unknown put, later": {
			"put b unknown, cas b to c unknown, get c, get b",
			`get → "b"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := check(parse(t, c.history), checkLimit)
			if c.want == linearizable {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.Is(err, ErrNotLinearizable) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v; want it to be not linearizable, and to name %s", err, c.want)
			}
		})
	}
}

// linearizable is wanted of a history that etcd may show; of others, what the error names.
const linearizable = ""

// Nobody can try all orders of 40 writes, and to have tried some shows nothing.
func TestUndecided(t *testing.T) {
	var ops []Op
	for i := range 40 {
		ops = append(ops, put(string(rune('A'+i)), 0, 9))
	}
	ops = append(ops, get("A", 10, 11), get("B", 12, 13))
	if err := check(ops, 50*time.Millisecond); !errors.Is(err, ErrUndecided) {
		t.Fatalf("got %v", err)
	}
}

func TestNothingShown(t *testing.T) {
	var r Report
	r.add(get("", 0, 1), 0)
	if err := Check(r); err == nil || !strings.Contains(err.Error(), "no write was acknowledged") {
		t.Fatalf("got %v", err)
	}
}

func TestReport(t *testing.T) {
	r := Report{Began: time.Unix(100, 0)}
	var last time.Duration
	for _, op := range []Op{
		put("a", 1, 2), get("a", 3, 4), cas("a", "b", 5, 6), differs("a", "c", "b", 7, 8),
		unknown(put("d", 9, 10)), unknown(cas("b", "e", 11, 12)), put("f", 13, 20), put("g", 14, 19), put("h", 21, 22),
	} {
		last = r.add(op, last)
	}
	if r.Acked != 5 || r.Unknown != 2 || r.Reads != 2 || len(r.Ops) != 9 {
		t.Errorf("got %+v", r)
	}
	// 6 to 20: neither the read, nor the unknown writes, nor the one that was recorded late count.
	if r.LongestGap != 14 || !r.GapEnded.Equal(time.Unix(100, 20)) {
		t.Errorf("the longest gap is %d ns and ended at %v", r.LongestGap, r.GapEnded)
	}
}
