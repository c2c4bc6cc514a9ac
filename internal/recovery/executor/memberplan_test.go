package executor_test

import (
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

const joinManifest = `apiVersion: v1
kind: Pod
metadata:
  name: etcd
  namespace: kube-system
spec:
  containers:
  - name: etcd
    image: registry.k8s.io/etcd:3.7.3-0
    command:
    - etcd
    - --name=m3
    - --data-dir=/var/lib/etcd
    - --initial-advertise-peer-urls=https://10.0.0.3:2380
    - --initial-cluster=m3=https://10.0.0.3:2380
    volumeMounts:
    - mountPath: /var/lib/etcd
      name: data
  volumes:
  - hostPath:
      path: /var/lib/etcd
    name: data
`

// TestPlanBehindABrokenJoin plans a join behind one that was broken off when its learner was added: that one goes on
// first, in the same apply.
func TestPlanBehindABrokenJoin(t *testing.T) {
	m1 := etcd.Member{ID: 1, Name: "m1", PeerURLs: []string{"https://10.0.0.1:2380"}}
	added := etcd.Member{ID: 2, PeerURLs: []string{"https://10.0.0.2:2380"}, Learner: true}
	m3 := recovery.Evidence{
		Name:         "m3",
		Reach:        recovery.Reached,
		ManifestPath: "/etc/kubernetes/manifests/etcd.yaml",
		Manifest:     joinManifest,
		MemberName:   "m3",
		PeerURLs: []string{
			"https://10.0.0.3:2380",
		},
		DataDir: "/var/lib/etcd",
		Empty:   true,
		Kubelet: recovery.Kubelet{Running: true},
		Live:    &recovery.Live{ClusterID: 9, Members: []etcd.Member{m1, added}},
	}
	seed := recovery.Cluster{ID: "9", Members: []manifest.Member{{Name: "m1", PeerURLs: m1.PeerURLs}}}
	chain := recovery.Cluster{
		ID:      "9",
		Members: append(seed.Members, manifest.Member{Name: "m2", PeerURLs: added.PeerURLs}),
	}
	living := recovery.Cluster{ID: "9", Members: append(seed.Members, manifest.Member{PeerURLs: added.PeerURLs})}
	for _, c := range []struct {
		what     string
		join     recovery.Cluster
		anyOrder bool
		refused  bool
	}{
		{"behind it in a chain", chain, false, false},
		{"in any order", seed, true, false},
		{"before it", seed, false, true},
		{"a living cluster with a stray", living, false, true},
	} {
		p, err := planner.DecideMember(m3, c.join, c.anyOrder)
		refused := recovery.CodeOf(err) == recovery.CodeBehindAnotherJoin
		if refused != c.refused || err != nil && !refused {
			t.Errorf("%s: %v", c.what, err)
		}
		if err == nil && !c.anyOrder {
			m, err := manifest.Parse([]byte(p.Manifest))
			if err != nil ||
				m.InitialCluster() != "m1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380,m3=https://10.0.0.3:2380" {
				t.Errorf("%s: %v\n%s", c.what, err, p.Manifest)
			}
		}
	}
}

// TestPlanBehindAnAddressPutRight plans a join behind a seed that runs already, and that its cluster still has at an
// address which the recovery puts right first.
func TestPlanBehindAnAddressPutRight(t *testing.T) {
	seed := recovery.Cluster{ID: "9", Members: []manifest.Member{
		{Name: "m1", PeerURLs: []string{"https://10.0.0.1:2380"}},
	}}
	p, err := planner.DecideMember(recovery.Evidence{
		Name: "m3", Reach: recovery.Reached,
		ManifestPath: "/etc/kubernetes/manifests/etcd.yaml", Manifest: joinManifest,
		MemberName: "m3", PeerURLs: []string{"https://10.0.0.3:2380"},
		DataDir: "/var/lib/etcd", Empty: true, Kubelet: recovery.Kubelet{Running: true},
		Live: &recovery.Live{ClusterID: 9, Members: []etcd.Member{
			{ID: 1, Name: "m1", PeerURLs: []string{"https://10.0.0.1:12380"}},
		}},
	}, seed, false)
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Parse([]byte(p.Manifest))
	if err != nil || m.InitialCluster() != "m1=https://10.0.0.1:2380,m3=https://10.0.0.3:2380" {
		t.Errorf("%v\n%s", err, p.Manifest)
	}
}
