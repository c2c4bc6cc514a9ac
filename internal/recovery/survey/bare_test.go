package survey_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// printed is a node on which every script prints the same records.
type printed string

func (p printed) Run(context.Context, string) ([]byte, error) {
	return []byte(strings.ReplaceAll(string(p), "|", "\036")), nil
}

func (p printed) DialContext(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("nothing listens")
}

// TestBareNode can examine a machine on which nothing is, and cannot vouch for one on which something may run.
func TestBareNode(t *testing.T) {
	const nothing = "kubelet\t=\t=\t=|manifests\t=|nomanifests\t=\t=/config.yaml|addresses\t=10.0.0.12/32|bare\t=yes|"
	const runtime = "runtime\t=crictl\t=unix:///run/x.sock|containers\t={\"containers\":[]}|"
	for name, c := range map[string]struct {
		prints string
		bare   bool
	}{
		"bare":                        {nothing + "noruntime\t=unix:///run/x.sock|", true},
		"bare, with a runtime":        {nothing + runtime, true},
		"a kubelet":                   {nothing + "trace\t=/usr/bin/kubelet|", false},
		"etcd runs":                   {nothing + "trace\t=a process etcd|", false},
		"a distribution's":            {nothing + "sign\t=/var/lib/rancher/k3s|", false},
		"a journal of an earlier one": {nothing + "journal\t=/j\t=e30=|", false},
		"not looked for":              {"nomanifests\t=\t=/config.yaml|", false},
	} {
		n := node.New(node.Settings{Name: "m2", Host: "m2.example"}, printed(c.prints+"stray\t=/var/lib/etcd|"))
		e := survey.Take(t.Context(), map[string]*node.Node{"m2": n}, time.Now()).Node("m2")
		reach, kind := recovery.Refused, recovery.KindCommand
		if c.bare {
			reach, kind = recovery.Reached, ""
		}
		if e.Bare != c.bare || e.Reach != reach || e.ReachKind != kind || c.bare != (e.ReachError == "") {
			t.Errorf("%s: %+v", name, e)
		}
		if !e.NoManifest || e.StrayData != "/var/lib/etcd" || e.Host != "m2.example" {
			t.Errorf("%s: %+v", name, e)
		}
		if strings.Contains(c.prints, "addresses") && !slices.Equal(e.Addresses, []string{"10.0.0.12"}) {
			t.Errorf("%s: addresses %v", name, e.Addresses)
		}
	}
}

// TestBareNodeOfADisk takes a node without an etcd manifest for an empty one only where the usual folder is proved to
// be empty: its disk may not be mounted.
func TestBareNodeOfADisk(t *testing.T) {
	const (
		bare  = "kubelet\t=\t=\t=|manifests\t=|nomanifests\t=\t=/config.yaml|bare\t=yes|"
		reset = "kubelet\t=yes\t=\t=|manifests\t=/m|runtime\t=crictl\t=unix:///x|containers\t={\"containers\":[]}|"
		fstab = "mounts\t=fstab /dev/vdb /var/lib/etcd|"
	)
	for name, c := range map[string]struct{ prints, unknown string }{
		"nothing says that it is a mount": {prints: "nofolder\t=/var/lib/etcd|"},
		"not mounted": {
			"nofolder\t=/var/lib/etcd|" + fstab,
			"/var/lib/etcd is missing, and /etc/fstab mounts /dev/vdb there, which is not mounted now",
		},
		"not to be read": {
			"unread\t=/var/lib/etcd\t=Input/output error|", "/var/lib/etcd cannot be read: Input/output error",
		},
	} {
		for _, before := range []string{bare, reset} {
			n := node.New(node.Settings{Name: "m2", Host: "m2.example"}, printed(before+c.prints))
			e := survey.Take(t.Context(), map[string]*node.Node{"m2": n}, time.Now()).Node("m2")
			if !e.NoManifest || e.Reach != recovery.Reached || e.Bare != (before == bare) ||
				e.Unknown.Data != c.unknown {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
}
