package manifest

import (
	"bytes"
	"slices"
	"strings"
)

// Unforce undoes Force: it gives back the very text that was forced. Of one that
// was edited since, or that somebody else has forced, it takes out the flag and
// what Force adds besides: the suffix of the pod's name, and the short timers,
// also where the flag itself is gone. Any other manifest stays as it is.
func Unforce(text []byte) ([]byte, error) {
	m, err := Parse(text)
	if err != nil {
		return nil, err
	}
	name, ours := strings.CutSuffix(m.podName, forcedSuffix)
	timers := (ours || m.Forced()) && m.hasShortTimers()
	if !m.Forced() && !timers {
		return text, nil
	}
	if ours {
		if original := m.undone(name); original != nil {
			return original, nil
		}
		if m, err = m.renamed(name); err != nil {
			return nil, err
		}
	}
	g := goal{drop: func(flag string) bool { return flag == flagForceNewCluster || timers && isTimer(flag) }}
	if m, err = g.reach(m); err != nil {
		return nil, err
	}
	return m.source.text, nil
}

// undone is the text before Force, nil where it was not Force that wrote this
// one: doing it again has to lead here.
func (m *Manifest) undone(name string) []byte {
	if name == "" {
		return nil
	}
	now, err := m.renamed(name)
	for err == nil && now.Forced() && len(now.options) > 0 {
		var text []byte
		if text, err = now.removeFlag(now.options[len(now.options)-1]); err == nil {
			now, err = reparse(text)
		}
	}
	if err != nil {
		return nil
	}
	if again, err := now.force(); now.Forced() || err != nil || !bytes.Equal(again.source.text, m.source.text) {
		return nil
	}
	return now.source.text
}

func isTimer(flag string) bool { return flag == flagHeartbeatInterval || flag == flagElectionTimeout }

// hasShortTimers tells whether the timers are those that Force adds, with which
// no cluster of several members could do.
func (m *Manifest) hasShortTimers() bool {
	return !slices.ContainsFunc(shortTimers(), func(s setting) bool {
		given := m.given(s.name)
		return len(given) != 1 || given[0].value != s.value
	})
}
