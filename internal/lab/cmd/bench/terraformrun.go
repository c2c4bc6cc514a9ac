//go:build linux

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

// terraformRun is a recovery as the user makes it: terraform plan, and terraform apply of the saved plan.
type terraformRun struct {
	work        *terraform.Workspace
	plan, apply terraform.Result
}

func (b *benchmark) newTerraformRun(l *lab.Lab) (*terraformRun, error) {
	dir, err := os.MkdirTemp(b.dir, "configuration-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the configuration: %w", err)
	}
	work, err := b.tools.Chain(dir, l)
	if err != nil {
		return nil, err
	}
	work.Memory = true
	return &terraformRun{work: work}, nil
}

func (w *terraformRun) makePlan(ctx context.Context) (err error) {
	w.plan, err = w.call(ctx, "plan", "-no-color", "-out=recovery.tfplan")
	return err
}

func (w *terraformRun) applyPlan(ctx context.Context) (err error) {
	w.apply, err = w.call(ctx, "apply", "-no-color", "recovery.tfplan")
	return err
}

func (w *terraformRun) call(ctx context.Context, args ...string) (terraform.Result, error) {
	r, err := w.work.Run(ctx, nil, args...)
	if err == nil && r.ExitCode != 0 {
		err = fmt.Errorf("%s ended with exit code %d:\n%s", args[0], r.ExitCode, r.Text)
	}
	return r, err
}

// recoverWithTerraform plans and applies.
func (b *benchmark) recoverWithTerraform(ctx context.Context, l *lab.Lab) (*terraformRun, error) {
	w, err := b.newTerraformRun(l)
	if err != nil {
		return nil, err
	}
	if err := w.makePlan(ctx); err != nil {
		return nil, err
	}
	return w, w.applyPlan(ctx)
}
