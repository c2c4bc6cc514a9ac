package planner

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

func TestForgetsCommit(t *testing.T) {
	for image, want := range map[string]bool{
		"registry.k8s.io/etcd:3.4.13-0": true,
		"registry.k8s.io/etcd:3.5.21-0": true,
		"registry.k8s.io/etcd:3.5.22-0": false,
		"registry.k8s.io/etcd:3.6.0-0":  true,
		"registry.k8s.io/etcd:3.6.1-0":  false,
		"registry.k8s.io/etcd:3.7.3-0":  false,
		"quay.io/coreos/etcd:v3.4.3":    true,
		// A version that is not known is taken for an old one.
		"mirror.example:5000/etcd":                   true,
		"mirror.example:5000/etcd@sha256:0123456789": true,
	} {
		if got := recovery.ForgetsCommit(recovery.Oldest(recovery.VersionOf(image), nil)); got != want {
			t.Errorf("%s: %v", image, got)
		}
	}
}

// TestVersionOf reads tags as distributors write them.
func TestVersionOf(t *testing.T) {
	for image, want := range map[string]string{
		"registry.k8s.io/etcd:3.6.5-0":                            "3.6.5",
		"registry.k8s.io/etcd:3.5.9-0@sha256:0123456789abcdef":    "3.5.9",
		"projects.registry.vmware.com/tkg/etcd:v3.4.13_vmware.15": "3.4.13",
		"mirror.example:5000/rancher/etcd:v3.5.9-rancher1":        "3.5.9",
		"quay.io/coreos/etcd:v3.4.3":                              "3.4.3",
		"etcd:3.5.9":                                              "3.5.9",
		"etcd:3.5.9.1":                                            "3.5.9",
		"registry.k8s.io/etcd@sha256:0123456789abcdef":            "",
		"mirror.example:5000/etcd":                                "",
		"mirror.example:5000/etcd@sha256:0123456789abcdef":        "",
		"mirror.example:5000/3.5.9/etcd":                          "",
		"etcd:3.5":                                                "",
		"etcd:3.5.22rc1":                                          "",
		"etcd:latest":                                             "",
		"":                                                        "",
	} {
		got := ""
		if v := recovery.VersionOf(image); v != nil {
			got = v.String()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", image, got, want)
		}
	}
}

// TestOldest goes by the running member, then the image, then the data.
func TestOldest(t *testing.T) {
	const tag, digest = "registry.k8s.io/etcd:3.5.9-0@sha256:01", "registry.k8s.io/etcd@sha256:01"
	for _, c := range []struct {
		image, status, storage, cluster, want string
	}{
		{tag, "3.5.30", "", "", "3.5.30"},
		{tag, "not a version", "", "", "3.5.9"},
		{tag, "", "", "3.4.0", "3.5.9"},
		{digest, "3.5.30", "", "", "3.5.30"},
		{digest, "", "", "3.5.0", "3.5.0"},
		{digest, "", "3.7.0", "3.6.0", "3.7.0"},
		{digest, "", "", "", "0.0.0"},
	} {
		e := recovery.Evidence{
			Image: c.image,
			Disk:  &recovery.OnDisk{StorageVersion: c.storage, ClusterVersion: c.cluster},
		}
		if c.status != "" {
			e.Status = &etcd.Status{Version: c.status}
		}
		if got := recovery.Oldest(e.Version(), e.Disk); got.String() != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestCheckOrderly(t *testing.T) {
	old := recovery.Evidence{Name: "m1", Image: "registry.k8s.io/etcd:3.5.9-0"}
	r, ok := recovery.IsRefusal(recovery.AfterEarlier(checkOrderly(old), "")) // as a decision returns it
	if !ok || r.Code != recovery.CodeMustRunFirst || r.Untouched != recovery.NothingTouched {
		t.Fatalf("an old etcd that does not run is to be forced: %v", r)
	}
	unknown, of37 := old, old
	unknown.Image = "registry.k8s.io/etcd@sha256:0123456789abcdef"
	r, ok = recovery.IsRefusal(checkOrderly(unknown))
	if !ok || r.Code != recovery.CodeMustRunFirst || !strings.Contains(r.Next, "put the tag into") ||
		!strings.Contains(r.Found, unknown.Image+", which does not tell its version") {
		t.Errorf("an etcd of unknown version that does not run is to be forced: %v", r)
	}
	of37.Image, of37.Disk = unknown.Image, &recovery.OnDisk{StorageVersion: "3.7.0"}
	running, parked, mended := old, old, old
	running.Running = true
	parked.Parked = "/var/lib/etcdrecovery/parked/etcd.yaml"
	mended.Image = "registry.k8s.io/etcd:3.5.35-0"
	for name, e := range map[string]recovery.Evidence{
		"running": running, "parked": parked, "mended": mended, "data of 3.7": of37,
	} {
		if err := checkOrderly(e); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
