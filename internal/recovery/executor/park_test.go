package executor

import (
	"reflect"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// TestParkLeavesForeignTexts has a file in the kubelet's folder while the operator's own manifest is parked: what is
// not a text of ours is neither removed nor replaced, and named.
func TestParkLeavesForeignTexts(t *testing.T) {
	nodes, runners := scriptedNodes("m1")
	ev := recovery.Evidence{Name: "m1", Manifest: "own", ManifestPath: manifestPath, Parked: "/parked/etcd.yaml"}
	m := newMaster(nodes["m1"], ev)
	m.ours = []string{node.Hash([]byte("forced"))}
	if err := m.park(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := runners["m1"].ran[0]
	for _, text := range []string{"own", "forced"} {
		if !strings.Contains(last, "'"+node.Hash([]byte(text))+"'") {
			t.Errorf("the text %q is not removed: %s", text, last)
		}
	}
	runners["m1"].answer = func(string) (string, error, bool) { return "", &ssh.ExitError{Code: 76}, true }
	err := m.park(t.Context())
	if recovery.CodeOf(err) != recovery.CodeNodeChanged || !strings.Contains(err.Error(), manifestPath+" on m1") {
		t.Errorf("got %v", err)
	}
	runners["m1"].answer = func(script string) (string, error, bool) {
		return "", &ssh.ExitError{Code: 76}, strings.Contains(script, "base64 -d")
	}
	if _, err := m.start(t.Context(), "forced"); recovery.CodeOf(err) != recovery.CodeNodeChanged {
		t.Errorf("got %v", err)
	}
}

// TestParkLeavesEvidence moves a manifest away: what was seen before stays as it was seen.
func TestParkLeavesEvidence(t *testing.T) {
	nodes, _ := scriptedNodes("m1")
	ev := recovery.Evidence{Name: "m1", Manifest: "own", ManifestPath: manifestPath}
	m := newMaster(nodes["m1"], ev)
	if m.parkedAt() != "/var/lib/etcdrecovery/parked/etcd.yaml" {
		t.Errorf("it would be at %s", m.parkedAt())
	}
	if err := m.park(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m.ev, ev) || m.parked != "/var/lib/etcdrecovery/parked/etcd.yaml" {
		t.Errorf("the evidence is %+v, and the manifest at %q", m.ev, m.parked)
	}
}

// TestGoBackBesideAnotherText has another manifest where that of a node should be put back.
func TestGoBackBesideAnotherText(t *testing.T) {
	s, runners := oddSeed()
	s.book.reach(recovery.PhaseBegun)
	s.willMove()
	s.book.reach(recovery.PhaseStopped)
	runners["m,2"].answer = func(script string) (string, error, bool) {
		ours := node.Hash([]byte("x"))
		if !strings.Contains(script, "'/var/lib/etcdrecovery/parked/etcd.yaml' '"+manifestPath+"' '"+ours+"'\n") {
			t.Errorf("it puts back any text: %s", script)
		}
		return "", &ssh.ExitError{Code: 76}, true
	}
	text := s.goBack(t.Context())
	if !strings.Contains(text, "could not be put back on m,2") || s.book.Phase == recovery.PhaseUndone ||
		s.book.Phase != recovery.PhaseBegun {
		t.Errorf("%q, undone at %s: %s", s.book.Phase, s.book.Ended, text)
	}
}
