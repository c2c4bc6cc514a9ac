package recovery

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// Fault is a panic: an error of this program, which says nothing about the nodes.
type Fault struct {
	Node  string // on which it was at work, "" where that is not known
	value any
	Stack []byte
}

func (f *Fault) Error() string {
	where := ""
	if f.Node != "" {
		where = "at work on " + f.Node + ", "
	}
	return fmt.Sprintf("%sthe provider failed: panic: %v", where, f.value)
}

// Caught runs f and returns a panic as a fault. node is the one that f works on.
func Caught(node string, f func() error) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *Fault: // of another goroutine, see raise
			err = v
		default:
			err = &Fault{Node: node, value: v, Stack: debug.Stack()}
		}
	}()
	return f()
}

// Raise takes a fault that was caught in another goroutine up again in this one, so that nobody can take it for an
// error of a node and go on.
func Raise(err error) error {
	var f *Fault
	if errors.As(err, &f) {
		panic(f)
	}
	return err
}
