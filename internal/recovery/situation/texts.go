package situation

import (
	"fmt"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// manifestOf is what a manifest depends on.
type manifestOf struct {
	name    string
	addr    int
	image   string
	initial string
	env     bool // it has an environment variable with which no flag can be added
}

// texts keeps the manifests that were written or edited once: the same few come up in every world.
type texts struct {
	written map[manifestOf]string
	forced  map[string]edited
}

type edited struct {
	text []byte
	err  error
}

func newTexts() texts { return texts{map[manifestOf]string{}, map[string]edited{}} }

// planner is one that edits each text once.
func (t texts) planner() planner.Planner {
	return planner.Planner{Force: func(text []byte) ([]byte, error) {
		done, ok := t.forced[string(text)]
		if !ok {
			done.text, done.err = manifest.Force(text)
			t.forced[string(text)] = done
		}
		return done.text, done.err
	}}
}

const manifestPath = "/etc/kubernetes/manifests/etcd.yaml"

func (t texts) of(m *machine) string {
	key := manifestOf{m.name, m.addr, images()[m.image].text, initialCluster(m.initial), m.manifest == uneditable}
	text, ok := t.written[key]
	if !ok {
		text = fmt.Sprintf(`apiVersion: v1
kind: Pod
metadata:
  name: etcd
  namespace: kube-system
spec:
  containers:
  - command:
    - etcd
    - --name=%s
    - --initial-advertise-peer-urls=%s
    - --initial-cluster=%s
    image: %s
    name: etcd
`, key.name, peerURL(key.addr), key.initial, key.image)
		if key.env {
			text += "    env:\n    - name: ETCD_INITIAL_CLUSTER_STATE\n      value: new\n"
		}
		t.written[key] = text
	}
	return text
}

func initialCluster(members []etcd.Member) string {
	var b strings.Builder
	for _, m := range members {
		for _, u := range m.PeerURLs {
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			b.WriteString(m.Name + "=" + u)
		}
	}
	return b.String()
}
