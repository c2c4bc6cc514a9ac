package provider

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
)

// addError shows an error to the operator, at the attribute that is its cause where one is. attributes are those that
// the object has.
func (m *masters) addError(diags *diag.Diagnostics, err error, attributes ...string) {
	all := recovery.Refusals(err)
	if len(all) == 0 {
		diags.AddError("Recovery Failed", err.Error())
	}
	for _, r := range all {
		m.addRefusal(diags, r, attributes...)
	}
}

func (m *masters) addRefusal(diags *diag.Diagnostics, r *recovery.Refusal, attributes ...string) {
	if m != nil && m.refused != nil {
		m.refused(r.Code)
	}
	for _, a := range attributes {
		if a == r.Attribute {
			diags.AddAttributeError(path.Root(a), r.Title, r.Detail())
			return
		}
	}
	diags.AddError(r.Title, r.Detail())
}

// options are those of every operation: each step is written to Terraform's log as it begins, since there is no other
// channel for progress.
func (m *masters) options(ctx context.Context) executor.Options {
	fault := func(text, stack string) { tflog.Error(ctx, text, map[string]any{"stack": stack}) }
	observe := func(step, of int, s recovery.Step) error {
		tflog.Info(
			ctx,
			fmt.Sprintf("step %d of %d on %s: %s", step, of, s.Where(), s.Title),
			map[string]any{"step": step, "of": of, "master": s.Where(), "operation": s.Operation, "step_id": s.ID},
		)
		if m.observe == nil {
			return nil
		}
		return m.observe(step, of, s)
	}
	return executor.Options{Now: m.now, Observe: observe, Acted: m.acted, Fault: fault}
}

// headed returns a title that begins with a node's name: of warnings with equal titles Terraform shows the first alone.
func headed(node, words string) string {
	const most = 60
	if room := most - 1 - utf8.RuneCountInString(words); utf8.RuneCountInString(node) > room {
		node = string([]rune(node)[:room-1]) + "…"
	}
	return node + " " + words
}

// warnResuming says in one line that something goes on, and from where.
func warnResuming(diags *diag.Diagnostics, node, what string) {
	if what != "" {
		diags.AddWarning(headed(node, "has an unfinished apply"), what+".")
	}
}

// warnManagers says what could come between, where something is about to be changed.
func warnManagers(diags *diag.Diagnostics, managers []string) {
	for _, text := range managers {
		diags.AddWarning("A Controller Looks After These Masters", text)
	}
}

// notPlanned refuses to do what no plan has shown. It comes to that when the survey depends on something that is made
// by the same apply.
func notPlanned(attribute string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeNotPlanned,
		Title:     "Nothing Was Planned",
		Attribute: attribute,
		Untouched: "nothing on any master.",
		Found:     "the evidence was not known when the plan was made, so nobody has seen what would be done.",
		Next: "run terraform apply again: the survey can be read while planning now. A survey that depends on " +
			"other resources should be applied after them.",
	}
}
