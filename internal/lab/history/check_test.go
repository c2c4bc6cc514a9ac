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

func elsewhere(op Op) Op {
	op.Key = "another"
	return op
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		ops  []Op
		want string // in the error
	}{
		"in order":                             {ops: []Op{put("a", 0, 1), get("a", 2, 3), cas("a", "b", 4, 5), differs("a", "c", "b", 6, 7), get("b", 8, 9)}},
		"absent at first":                      {ops: []Op{get("", 0, 1), put("a", 2, 3)}},
		"created by a cas":                     {ops: []Op{cas("", "a", 0, 1), differs("", "b", "a", 2, 3)}},
		"at once, seen in one order":           {ops: []Op{put("a", 0, 9), put("b", 0, 9), get("b", 1, 2), get("a", 3, 4)}},
		"at once, seen in both orders":         {ops: []Op{put("a", 0, 9), put("b", 0, 9), get("b", 1, 2), get("a", 3, 4), get("b", 5, 6)}, want: `get → "b"`},
		"keys are apart":                       {ops: []Op{put("a", 0, 1), elsewhere(get("", 2, 3)), get("a", 4, 5)}},
		"acknowledged, and lost":               {ops: []Op{put("a", 0, 1), put("b", 2, 3), get("a", 4, 5)}, want: `get → "a"`},
		"the only one, lost":                   {ops: []Op{put("a", 0, 1), get("", 2, 3)}, want: `get → ""`},
		"lost on another key":                  {ops: []Op{put("a", 0, 1), get("a", 2, 3), elsewhere(put("b", 0, 1)), elsewhere(get("", 2, 3))}, want: "of another"},
		"a cas, lost":                          {ops: []Op{put("a", 0, 1), cas("a", "b", 2, 3), get("a", 4, 5)}, want: `get → "a"`},
		"stale read":                           {ops: []Op{put("a", 0, 1), put("b", 2, 3), get("b", 4, 5), get("a", 6, 7)}, want: `get → "a"`},
		"stale read by a cas":                  {ops: []Op{put("a", 0, 1), put("b", 2, 3), differs("c", "d", "a", 4, 5)}, want: "differs"},
		"reordered":                            {ops: []Op{put("a", 0, 1), put("b", 2, 3), put("c", 4, 5), get("b", 6, 7)}, want: `get → "b"`},
		"two cas of the same":                  {ops: []Op{put("a", 0, 1), cas("a", "b", 2, 9), cas("a", "c", 2, 9)}, want: "cas"},
		"a cas that should not differ":         {ops: []Op{put("a", 0, 1), differs("a", "b", "a", 2, 3)}, want: "differs"},
		"a cas that should differ":             {ops: []Op{put("a", 0, 1), put("b", 2, 3), cas("a", "c", 4, 5)}, want: "cas"},
		"a cas that differs writes nothing":    {ops: []Op{put("a", 0, 1), differs("b", "c", "a", 2, 3), get("c", 4, 5)}, want: `get → "c"`},
		"never written":                        {ops: []Op{put("a", 0, 1), get("x", 2, 3)}, want: `get → "x"`},
		"read before it was written":           {ops: []Op{get("a", 0, 1), put("a", 2, 3)}, want: `get → "a"`},
		"unknown, happened at once":            {ops: []Op{put("a", 0, 1), unknown(put("b", 2, 3)), get("b", 4, 5)}},
		"unknown, happened later":              {ops: []Op{put("a", 0, 1), unknown(put("b", 2, 3)), get("a", 4, 5), put("c", 6, 7), get("c", 8, 9), get("b", 10, 11)}},
		"unknown, never happened":              {ops: []Op{put("a", 0, 1), unknown(put("b", 2, 3)), get("a", 4, 5)}},
		"unknown, seen and gone":               {ops: []Op{put("a", 0, 1), unknown(put("b", 2, 3)), get("b", 4, 5), get("a", 6, 7)}, want: `get → "a"`},
		"unknown, twice":                       {ops: []Op{unknown(put("b", 0, 1)), get("b", 2, 3), put("c", 4, 5), get("b", 6, 7)}, want: `get → "b"`},
		"unknown, seen three times":            {ops: []Op{put("a", 0, 1), unknown(put("b", 2, 3)), get("b", 4, 5), get("b", 6, 7), get("b", 8, 9)}},
		"unknown, seen before its call":        {ops: []Op{put("a", 0, 1), get("b", 2, 3), unknown(put("b", 4, 5))}, want: `get → "b"`},
		"unknown, seen by a cas":               {ops: []Op{put("a", 0, 1), unknown(put("b", 2, 3)), cas("b", "c", 4, 5), get("c", 6, 7)}},
		"unknown, seen by a cas that differs":  {ops: []Op{put("a", 0, 1), unknown(put("b", 2, 3)), differs("a", "c", "b", 4, 5), get("b", 6, 7)}},
		"unknown cas, happened":                {ops: []Op{put("a", 0, 1), unknown(cas("a", "b", 2, 3)), get("b", 4, 5)}},
		"unknown cas, happened later":          {ops: []Op{put("a", 0, 1), unknown(cas("a", "b", 2, 3)), get("a", 4, 5), get("b", 6, 7)}},
		"unknown cas, never happened":          {ops: []Op{put("a", 0, 1), unknown(cas("a", "b", 2, 3)), get("a", 4, 5)}},
		"unknown cas, could not happen":        {ops: []Op{put("a", 0, 1), put("b", 2, 3), unknown(cas("a", "c", 4, 5)), get("c", 6, 7)}, want: "cas"},
		"unknown cas, seen and gone":           {ops: []Op{put("a", 0, 1), unknown(cas("a", "b", 2, 3)), get("b", 4, 5), get("a", 6, 7)}, want: `get → "a"`},
		"unknown cas of an unknown put":        {ops: []Op{put("a", 0, 1), unknown(put("b", 2, 3)), unknown(cas("b", "c", 4, 5)), get("c", 6, 7)}},
		"unknown cas of an unknown put, later": {ops: []Op{unknown(put("b", 0, 1)), unknown(cas("b", "c", 2, 3)), get("c", 4, 5), get("b", 6, 7)}, want: `get → "b"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := check(c.ops, checkLimit)
			if c.want == "" {
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
