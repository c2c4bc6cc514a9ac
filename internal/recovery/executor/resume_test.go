//go:build linux

package executor_test

import (
	"errors"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
)

var errCut = errors.New("the line was cut")

// stopBefore fails at one step, as if everything had ended there.
func stopBefore(id recovery.StepID) executor.Options {
	return executor.Options{Observe: func(_, _ int, s recovery.Step) error {
		if s.ID == id {
			return errCut
		}
		return nil
	}}
}
