package recovery

import "testing"

func TestForgetsCommit(t *testing.T) {
	for image, want := range map[string]bool{
		"registry.k8s.io/etcd:3.4.13-0":              true,
		"registry.k8s.io/etcd:3.5.21-0":              true,
		"registry.k8s.io/etcd:3.5.22-0":              false,
		"registry.k8s.io/etcd:3.6.0-0":               true,
		"registry.k8s.io/etcd:3.6.1-0":               false,
		"registry.k8s.io/etcd:3.7.3-0":               false,
		"quay.io/coreos/etcd:v3.4.3":                 true,
		"mirror.example:5000/etcd":                   false,
		"mirror.example:5000/etcd@sha256:0123456789": false,
	} {
		if got := forgetsCommit(image); got != want {
			t.Errorf("%s: %v", image, got)
		}
	}
}

func TestCheckOrderly(t *testing.T) {
	old := Evidence{Name: "m1", Image: "registry.k8s.io/etcd:3.5.9-0"}
	r, ok := IsRefusal(afterEarlier(checkOrderly(old), "")) // as a decision returns it
	if !ok || r.Code != CodeMustRunFirst || r.Untouched != nothingTouched {
		t.Fatalf("an old etcd that does not run is to be forced: %v", r)
	}
	running, parked, mended := old, old, old
	running.Running = true
	parked.Parked = "/var/lib/etcdrecovery/parked/etcd.yaml"
	mended.Image = "registry.k8s.io/etcd:3.5.35-0"
	for name, e := range map[string]Evidence{"running": running, "parked": parked, "mended": mended} {
		if err := checkOrderly(e); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
