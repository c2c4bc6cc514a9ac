//go:build linux

package history

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// guessing is the model that settle makes needless: an unknown write happens or not, at any time after its call.
func guessing() porcupine.Model {
	nm := porcupine.NondeterministicModel{
		Init: func() []any { return []any{""} },
		Step: func(state, input, _ any) []any {
			value, isValue := state.(string)
			op, isOp := input.(Op)
			ok, next := step(value, op)
			switch {
			case !isValue || !isOp:
			case op.Outcome == Unknown && ok:
				return []any{state, next}
			case op.Outcome == Unknown:
				return []any{state}
			case ok:
				return []any{next}
			}
			return nil
		},
	}
	return nm.ToModel()
}

// made is a small history of one key. Half of them come from a register with faults, else nearly none would be
// linearizable.
func made(r *rand.Rand) []Op {
	values := []string{""}
	anyValue := func() string { return values[r.IntN(len(values))] }
	var ops []Op
	var now time.Duration
	value, honest := "", r.IntN(2) == 0
	for i := range 4 + r.IntN(5) {
		now += time.Duration(r.IntN(4))
		op := Op{Client: i, Kind: Kind(r.IntN(3)), Key: "k", Call: now, Return: now + 1 + time.Duration(r.IntN(6))}
		if op.Kind != Get {
			op.New = fmt.Sprint(i)
			values = append(values, op.New)
		}
		if op.Kind == CAS {
			op.Old = anyValue()
		}
		found := value
		if !honest || r.IntN(8) == 0 {
			found = anyValue()
		}
		switch happens := op.Kind == Put || op.Kind == CAS && op.Old == found; {
		case op.Kind == Get:
			op.Seen = found
		case r.IntN(3) == 0:
			op.Outcome = Unknown
			if happens && r.IntN(2) == 0 {
				value = op.New
			}
		case happens:
			value = op.New
		default:
			op.Outcome, op.Seen = Differs, found
		}
		ops = append(ops, op)
	}
	return ops
}

// What is settled is linearizable if and only if it was when each unknown write was still to be guessed.
func TestSettle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var good, bad, withUnknown int
	for range 20_000 {
		ops := made(r)
		var history []porcupine.Operation
		for i, o := range operations(ops) {
			if ops[i].Outcome == Unknown {
				o.Return = math.MaxInt64
				withUnknown++
			}
			history = append(history, o)
		}
		want := porcupine.CheckOperations(guessing(), history)
		if err := check(ops, checkLimit); (err == nil) != want {
			t.Fatalf("by guessing it is %v, and settled %v:\n%s", want, err, list(history))
		}
		if want {
			good++
		} else {
			bad++
		}
	}
	t.Logf("%d were linearizable and %d were not, with %d unknown writes", good, bad, withUnknown)
	if good < 1000 || bad < 1000 || withUnknown < 1000 {
		t.Error("these histories show little")
	}
}

// An outage leaves hundreds of unknown writes, a few of which happen late. The check must not choke on them, whatever
// it finds.
func TestManyUnknown(t *testing.T) {
	const second = time.Second
	var ops []Op
	for i := range 1000 {
		at := time.Duration(i) * second / 5
		ops = append(ops, put(fmt.Sprint("a", i), at, at+second/10), get(fmt.Sprint("a", i), at+second/9, at+second/8))
		ops = append(ops, unknown(put(fmt.Sprint("u", i), at, at+second)))
	}
	end := 200 * second
	for i := range 20 {
		at := end + time.Duration(i)*second
		ops = append(ops, get(fmt.Sprint("u", i*50), at, at+second/10))
	}
	if err := check(ops, checkLimit); err != nil {
		t.Error(err)
	}
	ops = append(ops, get("a999", end+30*second, end+31*second))
	if err := check(ops, checkLimit); !errors.Is(err, ErrNotLinearizable) {
		t.Errorf("a write came back after 20 others: %v", err)
	}
}
