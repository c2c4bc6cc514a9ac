package manifest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// forcedSuffix marks the pod of the forced start.
const forcedSuffix = "-force-new-cluster"

// Force adds --force-new-cluster=true and --initial-cluster-state=existing
// behind all other flags, and appends -force-new-cluster to the pod's name. It
// changes nothing else, so that Unforce can give back the very same text.
//
// The state makes etcd fail on an empty data directory, where it would found an
// empty cluster; it is left out where it is set already. Of two the last one
// counts. The name makes it another pod: a kubelet lets a changed pod of
// the same name wait for the old one, which takes 10 seconds and more.
//
// A manifest that leaves the election to etcd's own timers gets shorter ones:
// etcd waits 1 to 2 seconds for members that it is about to remove. There is
// nobody whose heartbeat could come too late in a cluster of one.
//
// What Force has written it gives back as it is. A force flag that somebody else
// put in is refused.
func Force(text []byte) ([]byte, error) {
	m, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if m.Forced() {
		if name, ours := strings.CutSuffix(m.podName, forcedSuffix); ours && m.undone(name) != nil {
			return text, nil
		}
		return nil, fmt.Errorf(
			"%w: found --%s in pod %q; take it out, with -force-new-cluster in the pod's name and timers of 10 and "+
				"100 ms if they are there: start from the manifest as it was",
			ErrForced,
			flagForceNewCluster,
			m.podName,
		)
	}
	if strings.HasSuffix(m.podName, forcedSuffix) && m.hasShortTimers() {
		return nil, fmt.Errorf(
			"%w: found what is left of a forced start, pod %q with an election timeout of 100 ms; start from the "+
				"manifest as it was",
			ErrForced,
			m.podName,
		)
	}
	forced, err := m.force()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(forced.undone(m.podName), text) {
		return nil, unintended("it could not be undone")
	}
	return forced.source.text, nil
}

// force is Force for a manifest that is not forced, without the proof that it can be undone.
func (m *Manifest) force() (*Manifest, error) {
	uid, err := fieldOf(m.metadata, "uid", yaml.ScalarNode)
	if err != nil {
		return nil, err
	}
	if uid != nil {
		return nil, at(
			ErrShape,
			uid.Line,
			"found metadata.uid: the kubelet tells pods apart by it, so the forced pod would not be another one; "+
				"remove it",
		)
	}
	added := m.forcing()
	for _, s := range added {
		if v, found := m.environment.settings[s.name]; found {
			return nil, at(
				ErrEnvironment,
				v.line,
				"found %s: etcd does not start with both this variable and the flag that has to be added; remove the "+
					"variable, or write it as a flag",
				v.name,
			)
		}
	}
	forced, err := m.renamed(m.podName + forcedSuffix)
	for _, s := range added {
		if err != nil {
			return nil, err
		}
		var text []byte
		if text, err = forced.appendFlag(s); err == nil {
			forced, err = reparse(text)
		}
	}
	if err == nil {
		err = checkAdded(m, forced, added)
	}
	if err != nil {
		return nil, err
	}
	return forced, nil
}

// forcing are the flags that Force adds.
func (m *Manifest) forcing() []setting {
	added := []setting{{flagForceNewCluster, "true"}}
	if m.InitialClusterState() != "existing" {
		added = append(added, setting{flagInitialClusterState, "existing"})
	}
	if !slices.ContainsFunc(shortTimers(), func(s setting) bool { return m.mentions(s.name) }) {
		added = append(added, shortTimers()...)
	}
	return added
}

// mentions tells whether a flag is given in any way, be it by an empty variable.
func (m *Manifest) mentions(flag string) bool {
	_, variable := m.environment.settings[flag]
	return variable || len(m.given(flag)) > 0
}

// shortTimers are in milliseconds. Etcd demands 5 heartbeats before an election.
func shortTimers() []setting {
	return []setting{{flagHeartbeatInterval, "10"}, {flagElectionTimeout, "100"}}
}

// checkAdded compares what was and what is. It trusts nothing of the splicing.
func checkAdded(m, forced *Manifest, added []setting) error {
	if len(forced.options) != len(m.options)+len(added) {
		return unintended("%d flags would be there", len(forced.options))
	}
	run := forced.options[len(m.options):]
	for i, s := range added {
		if o := run[i]; o.name != s.name || o.value != s.value || o.first != o.last {
			return unintended("--%s would not be %q", s.name, s.value)
		}
	}
	is := slices.Delete(forced.written(all), run[0].first, run[len(run)-1].last+1)
	touched := func(flag string) bool {
		return slices.ContainsFunc(added, func(s setting) bool { return s.name == flag })
	}
	return verify(m, forced, m.podName+forcedSuffix, touched, m.written(all), is)
}
