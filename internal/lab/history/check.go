//go:build linux

package history

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	checkLimit   = 30 * time.Second // for all keys
	explainLimit = 5 * time.Second  // for the one that fails
)

var (
	// ErrNotLinearizable says that a write was lost or reordered, or that a read was stale.
	ErrNotLinearizable = errors.New("not linearizable")
	// ErrUndecided says that the checker ran out of time, which shows nothing.
	ErrUndecided = errors.New("undecided")
)

// Check looks, key by key, for an order of the operations in which each takes place between its call and its return,
// and sees what the ones before it have left. Without one, the error is an ErrNotLinearizable and says where it breaks.
// When there is no answer within 30 s, it is an ErrUndecided.
func Check(r Report) error {
	if r.Acked == 0 {
		return errors.New("checking the history: no write was acknowledged, so that none can have been lost")
	}
	return check(r.Ops, checkLimit)
}

func check(ops []Op, limit time.Duration) error {
	byKey := map[string][]Op{}
	for _, op := range ops {
		byKey[op.Key] = append(byKey[op.Key], op)
	}
	deadline := time.Now().Add(limit)
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		// At least 1 ms, because no time at all is without a limit to porcupine.
		left := max(time.Until(deadline), time.Millisecond)
		history := operations(settle(byKey[key]))
		switch porcupine.CheckOperationsTimeout(register(), history, left) {
		case porcupine.Ok:
		case porcupine.Illegal:
			return fmt.Errorf("the history of %s is %w: %s", key, ErrNotLinearizable, explain(history))
		case porcupine.Unknown:
			return fmt.Errorf(
				"the history of %s, %d operations, is %w after %v",
				key,
				len(history),
				ErrUndecided,
				limit,
			)
		}
	}
	return nil
}

func operations(ops []Op) []porcupine.Operation {
	var history []porcupine.Operation
	for _, op := range ops {
		history = append(history, porcupine.Operation{
			ClientId: op.Client, Input: op, Call: int64(op.Call), Return: int64(op.Return),
		})
	}
	return history
}

// register is the model of one key. Its state is the value.
func register() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, input, _ any) (bool, any) {
			value, isValue := state.(string)
			op, isOp := input.(Op)
			if !isValue || !isOp {
				return false, state
			}
			return step(value, op)
		},
	}
}

// step tells whether the operation can have happened when the key had this value, and which value it leaves.
func step(value string, op Op) (possible bool, next string) {
	switch {
	case op.Outcome == Differs:
		return value == op.Seen && value != op.Old, value
	case op.Kind == Get:
		return value == op.Seen, value
	case op.Kind == CAS:
		return value == op.Old, op.New
	default:
		return true, op.New
	}
}

// explain tells how far the longest order gets, and what has no place in it.
func explain(history []porcupine.Operation) string {
	_, info := porcupine.CheckOperationsVerbose(register(), history, explainLimit)
	var order []porcupine.Operation
	for _, partial := range info.PartialLinearizationsOperations()[0] {
		if len(partial) > len(order) {
			order = partial
		}
	}
	placed := map[any]bool{}
	for _, o := range order {
		placed[o.Input] = true
	}
	var rest []porcupine.Operation
	for _, o := range history {
		if !placed[o.Input] {
			rest = append(rest, o)
		}
	}
	slices.SortStableFunc(rest, func(a, b porcupine.Operation) int { return int(a.Return - b.Return) })
	return fmt.Sprintf(
		"%d of %d operations have an order, which ends with\n%s\nand the next to have returned have no place:\n%s",
		len(order),
		len(history),
		list(order[max(0, len(order)-3):]),
		list(rest[:min(3, len(rest))]),
	)
}

func list(history []porcupine.Operation) string {
	var lines []string
	for _, o := range history {
		lines = append(lines, fmt.Sprintf("  %v", o.Input))
	}
	return strings.Join(lines, "\n")
}
