package manifest

import (
	"bytes"
	"slices"
	"strings"
)

// Unforce undoes Force: it gives back the very text that was forced. A force
// flag that somebody else put in is taken out, wherever it is, and nothing
// else. A manifest that is not forced stays as it is.
func Unforce(text []byte) ([]byte, error) {
	m, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if !m.Forced() {
		return text, nil
	}
	name, ours := strings.CutSuffix(m.podName, forcedSuffix)
	if ours {
		if original := m.undone(name); original != nil {
			return original, nil
		}
		if m, err = m.renamed(name); err != nil {
			return nil, err
		}
	}
	timers := ours && m.hasShortTimers()
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
	for err == nil && now.Forced() {
		var text []byte
		if text, err = now.removeFlag(now.options[len(now.options)-1]); err == nil {
			now, err = reparse(text)
		}
	}
	if err != nil {
		return nil
	}
	if again, err := Force(now.source.text); err != nil || !bytes.Equal(again, m.source.text) {
		return nil
	}
	return now.source.text
}

func isTimer(flag string) bool { return flag == flagHeartbeatInterval || flag == flagElectionTimeout }

// hasShortTimers tells of a forced manifest whether Force has added its timers:
// nobody else has these values.
func (m *Manifest) hasShortTimers() bool {
	return !slices.ContainsFunc(shortTimers(), func(s setting) bool {
		given := m.given(s.name)
		return len(given) != 1 || given[0].value != s.value
	})
}
