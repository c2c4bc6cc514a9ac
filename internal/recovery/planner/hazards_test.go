package planner

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestHazards lists the known faults of a version, and only those.
func TestHazards(t *testing.T) {
	const (
		commit    = "#14009"
		learner   = "a learner of the old cluster"
		promotion = "the promotion of a learner"
		zombies   = "members that were removed can come back"
		snapshot  = "while it defragments"
		add       = "while another one is down"
		update    = "makes it a voter"
	)
	old := []string{commit, promotion, zombies, snapshot, add, update}
	for _, c := range []struct {
		image, other string
		learner      bool
		want         []string
	}{
		{image: "quay.io/coreos/etcd:v3.4.23", want: old},
		{image: "registry.k8s.io/etcd:3.5.21-0", want: old},
		{image: "registry.k8s.io/etcd:3.5.21-0", learner: true, want: append([]string{learner}, old...)},
		{image: "registry.k8s.io/etcd:3.5.22-0", want: []string{promotion, zombies, snapshot, add, update}},
		{image: "registry.k8s.io/etcd:3.5.26-0", want: []string{add, update}},
		{image: "registry.k8s.io/etcd:3.5.31-0"},
		{image: "registry.k8s.io/etcd:3.6.0-0", want: []string{commit, promotion, snapshot, add, update}},
		{image: "registry.k8s.io/etcd:3.6.5-0", learner: true, want: []string{learner, add, update}},
		{image: "registry.k8s.io/etcd:3.6.12-0", learner: true},
		{image: "registry.k8s.io/etcd:3.7.0-0", learner: true},
		{image: "registry.k8s.io/etcd:3.6.12-0", other: "registry.k8s.io/etcd:3.5.31-0", want: []string{"m2 has etcd " +
			"3.5.31, which cannot join a cluster of etcd 3.6"}},
		{image: "registry.k8s.io/etcd:3.6.12-0", other: "registry.k8s.io/etcd:3.7.1-0"},
		{image: "registry.k8s.io/etcd@sha256:abc", want: append([]string{"does not tell etcd's version"}, old...)},
		{image: "registry.k8s.io/etcd@sha256:abc", other: "registry.k8s.io/etcd@sha256:abc", learner: true,
			want: append([]string{"does not tell etcd's version", learner}, old...)},
		{image: "registry.k8s.io/etcd@sha256:abc", other: "registry.k8s.io/etcd:3.6.12-0",
			want: append([]string{"does not tell etcd's version", "whether the etcd of m2"}, old...)},
		{image: "registry.k8s.io/etcd:3.5.31-0@sha256:abc"},
		{image: "registry.k8s.io/etcd:3.6.12-0", other: "registry.k8s.io/etcd@sha256:abc",
			want: []string{"whether the etcd of m2 (registry.k8s.io/etcd@sha256:abc) can join that of m1"}},
	} {
		seed := recovery.Evidence{
			Name:    "m1",
			Image:   c.image,
			Members: []etcd.Member{{ID: 1}, {ID: 2, Learner: c.learner}},
		}
		got := hazards(seed, recovery.Survey{seed, {Name: "m2", Image: c.other}})
		if len(got) != len(c.want) {
			t.Errorf("%s: %q", c.image, got)
		}
		for _, w := range c.want {
			if !strings.Contains(strings.Join(got, "\n"), w) {
				t.Errorf("%s: %q does not say %q", c.image, got, w)
			}
		}
	}
}
