package manifest

import (
	"testing"

	"go.yaml.in/yaml/v3"
)

// isPlainValue tells whether the rules can be checked: they know no key given
// twice, for one.
func isPlainValue(text []byte) bool {
	return yaml.Unmarshal(text, &map[string]any{}) == nil
}

func seed(f *testing.F, add func(text []byte)) {
	f.Helper()
	for _, text := range accepted(f) {
		add(text)
	}
	for _, text := range refused(f) {
		add(text)
	}
	for _, text := range unforceable(f) {
		add(text)
	}
}

// FuzzParse demands that nothing panics and that what is forced obeys the rules.
func FuzzParse(f *testing.F) {
	seed(f, func(text []byte) { f.Add(text) })
	f.Fuzz(func(t *testing.T, text []byte) {
		_, _, isPod := Identify(text)
		m, err := Parse(text)
		if err != nil {
			checkReason(t, err)
			return
		}
		if !isPod {
			t.Error("parsed, but not identified")
		}
		m.WALDir()
		m.Probes()
		m.FeatureGates()
		m.Settings()
		m.PKI()
		if out, err := Force(text); err == nil && isPlainValue(text) {
			checkForced(t, text, out)
		}
	})
}

// FuzzJoin demands that whatever is accepted obeys the rules.
func FuzzJoin(f *testing.F) {
	seed(f, func(text []byte) { f.Add(text, "m2=https://[fd00::12]:2380,m1=https://10.0.0.11:2380") })
	f.Fuzz(func(t *testing.T, text []byte, initialCluster string) {
		if out, err := Join(text, initialCluster); err == nil && isPlainValue(text) {
			checkJoined(t, text, out, initialCluster)
		}
	})
}
