//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/steps"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Rows of an apply that are no steps of a recovery.
const (
	beginning = "start, read the saved plan"
	ending    = "close the journal, unlock; Terraform"
)

// field is one of those that the provider's log has of a step that begins.
var field = regexp.MustCompile(`\b(master|operation|step_id)=("[^"]*"|\S+)`)

// listener makes spans of the log of an apply, as it is written: a step lasts until the next one begins.
type listener struct {
	spans  spans
	seedUp func()
	who    string
}

// hear is called with each line.
func (h *listener) hear(line string) {
	has := map[string]string{}
	for _, found := range field.FindAllStringSubmatch(line, -1) {
		has[found[1]] = found[2]
	}
	id, seed := recovery.StepID(has["step_id"]), has["operation"] == string(recovery.OperationSeed)
	if id == "" {
		return
	}
	now := time.Now()
	h.end(now)
	switch {
	case id != recovery.StepLock:
	case seed:
		h.who = "m1"
	default:
		h.who = has["master"]
	}
	if seed && id == recovery.StepConfirm {
		h.seedUp()
	}
	h.spans = append(h.spans, span{who: h.who, name: rowName(id), began: now})
}

// rowName is that of a step beside a script, which stops all masters in one step.
func rowName(id recovery.StepID) string {
	if id == recovery.StepStopOthers || id == recovery.StepStopSeed {
		id = recovery.StepStop
	}
	return steps.Name(id)
}

func (h *listener) end(now time.Time) { h.spans[len(h.spans)-1].ended = now }

// runApply plans and applies, and gives the spans of the apply, and the time of the plan.
func (b *benchmark) runApply(ctx context.Context, l *lab.Lab, seedUp func()) (spans, time.Duration, error) {
	w, err := b.newTerraformRun(l)
	if err != nil {
		return nil, 0, err
	}
	if err := w.makePlan(ctx); err != nil {
		return nil, 0, err
	}
	w.work.Env = append(w.work.Env, "TF_LOG_PROVIDER=INFO")
	h := &listener{seedUp: seedUp, spans: spans{{who: "terraform", name: beginning, began: time.Now()}}}
	r, err := w.work.Run(ctx, h.hear, "apply", "-no-color", "recovery.tfplan")
	if err == nil && r.ExitCode != 0 {
		err = fmt.Errorf("apply ended with exit code %d:\n%s", r.ExitCode, r.Text)
	}
	if err != nil {
		return nil, 0, err
	}
	h.end(r.Began.Add(r.Took))
	if len(h.spans) == 1 {
		return nil, 0, errors.New("the provider's log names no step")
	}
	done, err := steps.Read(l)
	return closeEach(h.spans, done), w.plan.Took, err
}

// closeEach ends the last step of each operation where the journal says that it ended: what follows until the next one
// is no step.
func closeEach(all spans, done []steps.Step) spans {
	var out spans
	for _, s := range all {
		end := s.ended
		for _, d := range done {
			if d.Node == s.who && d.ID == recovery.StepConfirm && s.name == steps.Name(recovery.StepConfirm) {
				end = d.End
			}
		}
		out = append(out, span{who: s.who, name: s.name, began: s.began, ended: end})
		if end.Before(s.ended) {
			out = append(out, span{who: s.who, name: ending, began: end, ended: s.ended})
		}
	}
	return out
}
