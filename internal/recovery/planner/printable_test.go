package planner

import (
	"errors"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestPrintable has a member that calls itself by what a terminal obeys.
func TestPrintable(t *testing.T) {
	const hostile = "m1\x1b[2J\x1b]0;owned\a\u202e\x9b31m\r\xff\b"
	e := with(
		stopped(recovery.OnDisk{Commit: 9}),
		func(e *recovery.Evidence) { e.Problems, e.Unknown.Status = []string{"member " + hostile}, hostile },
	)
	all := map[string]recovery.Evidence{hostile: e}
	r := &recovery.Refusal{
		Title:     "Title",
		Found:     hostile + "\n\tkept",
		Untouched: hostile,
		Next:      hostile,
		Cause:     errors.New(hostile),
	}
	for what, text := range map[string]string{
		"report":   Report(recovery.SurveyOf(all), nil),
		"markdown": Markdown(recovery.SurveyOf(all), nil),
		"refusal":  r.Detail(),
		"error":    r.Error(),
	} {
		if !strings.Contains(text, "m1\uFFFD") {
			t.Errorf("%s: the name is not there: %q", what, text)
		}
		if strings.ContainsAny(text, "\x1b\a\u202e\r\b\u009b") || strings.Contains(text, "\xff") {
			t.Errorf("%s: %q", what, text)
		}
	}
	if got := r.Detail(); !strings.Contains(got, "\n\tkept") {
		t.Errorf("got %q", got)
	}
}
