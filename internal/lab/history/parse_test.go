//go:build linux

package history

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// parse reads operations such as "put a", "get nothing", "cas a to b", "cas a to c finds b", "put b unknown", "get b of
// another" (key) and "put a during 0-9". The n-th lasts from 2n to 2n+1 if it does not say otherwise.
func parse(t *testing.T, history string) []Op {
	t.Helper()
	var ops []Op
	for n, text := range strings.Split(history, ", ") {
		op, err := parseOp(strings.Fields(text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if op.Return == 0 {
			op.Call, op.Return = 2*time.Duration(n), 2*time.Duration(n)+1
		}
		ops = append(ops, op)
	}
	return ops
}

func parseOp(words []string) (Op, error) {
	op := Op{Key: "k"}
	next := func() (word string) {
		if len(words) > 0 {
			word, words = words[0], words[1:]
		}
		if word == "nothing" {
			return ""
		}
		return word
	}
	for len(words) > 0 {
		switch word := next(); word {
		case "put":
			op.Kind, op.New = Put, next()
		case "get":
			op.Kind, op.Seen = Get, next()
		case "cas":
			op.Kind, op.Old = CAS, next()
		case "to":
			op.New = next()
		case "finds":
			op.Outcome, op.Seen = Differs, next()
		case "unknown":
			op.Outcome = Unknown
		case "of":
			op.Key = next()
		case "during":
			if _, err := fmt.Sscanf(next(), "%d-%d", &op.Call, &op.Return); err != nil {
				return op, fmt.Errorf("from when to when: %w", err)
			}
		default:
			return op, fmt.Errorf("no word of an operation: %s", word)
		}
	}
	return op, nil
}
