package survey

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// etcdOf is the text of a static pod.
func etcdOf(pod, flags string) []byte {
	return []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: " + pod + ", namespace: kube-system}\nspec:\n" +
		"  containers:\n  - {name: etcd, command: [etcd, --name=" + pod + flags + "]}\n")
}

// TestNamedManifest finds the etcd that the operator names where a node runs two, and leaves the other alone.
func TestNamedManifest(t *testing.T) {
	const dir, parkedDir = "/m", "/w/parked"
	file := func(dir, name, flags string) node.File {
		return node.File{Path: path.Join(dir, name), Text: etcdOf(strings.TrimSuffix(name, ".yaml"), flags)}
	}
	main, events := file(dir, "etcd.yaml", ""), file(dir, "etcd-events.yaml", "")
	forced := file(dir, "etcd-events.yaml", ", --force-new-cluster")
	parked, otherParked := file(parkedDir, "etcd.yaml", ""), file(parkedDir, "etcd-events.yaml", "")
	again := node.File{Path: "/m/copy.yaml", Text: main.Text}
	for _, c := range []struct {
		name          string
		files, parked []node.File
		named         string
		found, forced string
		problem       string
		others        []string // pods of the other files
	}{
		{
			name: "no name", files: []node.File{events, main},
			problem: "/m/etcd-events.yaml and /m/etcd.yaml are both etcd pods, and which one to recover cannot be " +
				`told: set manifest for this node (manifest = "etcd-events.yaml"), then plan again`,
		},
		{
			name: "the first", files: []node.File{events, main}, named: "etcd-events.yaml",
			found:  "/m/etcd-events.yaml",
			others: []string{"etcd"},
		},
		{
			name: "the second", files: []node.File{events, main}, named: "etcd.yaml", found: "/m/etcd.yaml",
			others: []string{"etcd-events"},
		},
		{
			name: "the other is forced", files: []node.File{forced, main}, named: "etcd.yaml", found: "/m/etcd.yaml",
			others: []string{"etcd-events"},
		},
		{
			name: "it is forced itself", files: []node.File{forced, main}, parked: []node.File{otherParked, parked},
			named: "etcd-events.yaml", found: "/m/etcd-events.yaml", forced: "/m/etcd-events.yaml",
			others: []string{"etcd"},
		},
		{
			name: "somebody else has forced it, whose member is evidence all the same", files: []node.File{forced},
			found: "/m/etcd-events.yaml", problem: "/m/etcd-events.yaml has the force-new-cluster flag in it",
		},
		{
			name: "it is parked", files: []node.File{events}, parked: []node.File{parked}, named: "etcd.yaml",
			found: "/m/etcd.yaml", others: []string{"etcd-events"},
		},
		{
			name: "the other is parked", parked: []node.File{otherParked}, named: "etcd.yaml",
			problem: "there is no etcd static pod in /m/etcd.yaml, which manifest names for this node",
		},
		{
			name: "the same pod in two files", files: []node.File{again, main}, named: "etcd.yaml",
			problem: "/m/etcd.yaml and /m/copy.yaml are both the pod kube-system/etcd",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			pods := &node.Pods{ManifestDir: dir, Files: c.files, Parked: c.parked, Named: c.named}
			e := &recovery.Evidence{Name: "m1"}
			m, problems := FindManifest(e, pods)
			if (m != nil) != (c.found != "") || e.ManifestPath != c.found || (len(problems) > 0) != (c.problem != "") {
				t.Fatalf("got %q, %q", e.ManifestPath, problems)
			}
			if c.problem != "" && !strings.HasPrefix(problems[0], c.problem) {
				t.Errorf("got %q", problems[0])
			}
			n := node.New(node.Settings{Name: "m1", Manifest: c.named}, nil)
			if got := ForcedManifest(n.MayBeEtcd(c.files)); c.named != "" && got != c.forced {
				t.Errorf("the flag is in %q", got)
			}
			if m == nil {
				return
			}
			if got := otherManifests(pods, e.ManifestPath, m); !slices.Equal(got, c.others) {
				t.Errorf("beside it there are %q", got)
			}
		})
	}
}
