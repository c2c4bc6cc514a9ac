//go:build linux

package faults

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults/link"
)

// A Series are cases that strike one recovery, one after the other. It needs one lab where each case alone needs one of
// its own, and has what they have not: a recovery that goes on from one fault meets the next.
type Series []Case

func (s Series) String() string {
	var all []string
	for _, c := range s {
		all = append(all, c.String())
	}
	return strings.Join(all, "; then ")
}

// InSeries deals cases into series of n, the last ones of fewer. Each has its cases in the order in which a recovery
// comes by them.
func InSeries(cases []Case, n int) []Series {
	if len(cases) == 0 {
		return nil
	}
	all := make([]Series, (len(cases)+n-1)/n)
	for i, c := range cases {
		all[i%len(all)] = append(all[i%len(all)], c)
	}
	for _, s := range all {
		slices.SortStableFunc(s, func(a, b Case) int {
			return cmp.Or(
				cmp.Compare(slices.Index(Operations(), a.Operation), slices.Index(Operations(), b.Operation)),
				cmp.Compare(slices.Index(Steps(a.Operation), a.Step), slices.Index(Steps(b.Operation), b.Step)),
				cmp.Compare(slices.Index(moments(), a.Moment), slices.Index(moments(), b.Moment)),
			)
		})
	}
	return all
}

func moments() []Moment { return []Moment{Before, During, After} }

// at reports whether the moment of a case has come, or begins.
func (c Case) at(e link.Event) bool {
	return c.Fault.inject != nil && e.Operation == c.Operation && e.ID == c.Step && e.Acted == (c.Moment == After)
}

// due reports whether a fault strikes now. The next one of a series has its turn when the one before has struck, and
// with an apply that lives: the one before may have ended it.
func (a *attempt) due(e link.Event) bool {
	a.mu.Lock()
	next := len(a.later) > 0 && a.later[0].at(e)
	a.mu.Unlock()
	if next {
		a.striking.Wait() // the provider stands still meanwhile
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if next && a.result.Struck && a.later[0].at(e) && !ended(e.PID) {
		a.Case, a.later, a.result.Struck = a.later[0], a.later[1:], false
	}
	if a.result.Struck || !a.at(e) {
		return false
	}
	a.result.Struck = true
	a.striking.Add(1)
	return true
}

// again lets a fault strike at its next chance that found no provider, which the one before had ended. It reports
// whether that is so.
func (a *attempt) again(err error) bool {
	if len(a.result.Then) == 0 || !errors.Is(err, syscall.ESRCH) && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	a.result.Struck = false
	return true
}

func ended(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
