package executor

import (
	"context"
	"errors"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// provider makes a refusal of a fault, and leaves every other error as it is. The stack goes to the log.
func (o Options) provider(err error) error {
	var f *recovery.Fault
	if !errors.As(err, &f) {
		return err
	}
	if o.Fault != nil {
		o.Fault(f.Error(), string(f.Stack))
	}
	return &recovery.Refusal{
		Code:  recovery.CodeProviderFault,
		Title: "The Provider Failed",
		Found: err.Error() + ". That is a fault of the provider, not of a node.",
		Next: "run terraform apply again with TF_LOG=ERROR: it resumes where it stopped. If it fails in the same " +
			"way, report this text and the log, which has the stack.",
	}
}

// secured takes out what must not stay, and returns what has to be said first.
func (w walk) secured(ctx context.Context, cause error) (text string) {
	if w.secure == nil {
		return ""
	}
	err := recovery.Caught("", func() error {
		text = w.secure(ctx, cause)
		return nil
	})
	if r, ok := recovery.IsRefusal(w.provider(err)); ok {
		return "Whether the force flag is still in a manifest is not known: while that was looked at, " + r.Found
	}
	return text
}

// left says how things are left, also where that cannot be told.
func (w walk) left(ctx context.Context, cause error) (text string) {
	err := recovery.Caught("", func() error {
		text = w.leave(ctx, cause)
		return nil
	})
	if r, ok := recovery.IsRefusal(w.provider(err)); ok {
		return "not known: while this was found out, or undone, " + r.Found
	}
	return text
}
