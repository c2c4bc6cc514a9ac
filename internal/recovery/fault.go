package recovery

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// fault is a panic: an error of this program, which says nothing about the nodes.
type fault struct {
	node  string // on which it was at work, "" where that is not known
	value any
	stack []byte
}

func (f *fault) Error() string {
	where := ""
	if f.node != "" {
		where = "at work on " + f.node + ", "
	}
	return fmt.Sprintf("%sthe provider failed: panic: %v", where, f.value)
}

// caught runs f and returns a panic as a fault. node is the one that f works on.
func caught(node string, f func() error) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *fault: // of another goroutine, see raise
			err = v
		default:
			err = &fault{node: node, value: v, stack: debug.Stack()}
		}
	}()
	return f()
}

// raise takes a fault that was caught in another goroutine up again in this one, so that nobody can take it for an
// error of a node and go on.
func raise(err error) error {
	var f *fault
	if errors.As(err, &f) {
		panic(f)
	}
	return err
}

// provider makes a refusal of a fault, and leaves every other error as it is. The stack goes to the log.
func (o Options) provider(err error) error {
	var f *fault
	if !errors.As(err, &f) {
		return err
	}
	if o.Fault != nil {
		o.Fault(f.Error(), string(f.stack))
	}
	return &Refusal{
		Code:  CodeProviderFault,
		Title: "The Provider Failed",
		Found: err.Error() + ". That is a fault of the provider, not of a node.",
		Next: "run terraform apply again with TF_LOG=ERROR: it resumes where it stopped. If it fails in the same " +
			"way, report this text and the log, which has the stack.",
	}
}

// left says how things are left, also where that cannot be told.
func (w walk) left(ctx context.Context, cause error) (text string) {
	err := caught("", func() error {
		text = w.leave(ctx, cause)
		return nil
	})
	if r, ok := IsRefusal(w.provider(err)); ok {
		return "not known: while this was found out, or undone, " + r.Found
	}
	return text
}
