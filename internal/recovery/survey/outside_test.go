package survey

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	etcdssh "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// dialled is a node from which only some addresses are reached.
type dialled struct {
	mu    *sync.Mutex
	asked *[]string
	open  string
}

func (d dialled) Run(context.Context, string) ([]byte, error) { return nil, errors.New("no shell") }

func (d dialled) DialContext(_ context.Context, _, addr string) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*d.asked = append(*d.asked, addr)
	if addr != d.open {
		return nil, errors.New("refused")
	}
	here, there := net.Pipe()
	_ = there.Close()
	return here, nil
}

// TestLookFromOutside has each node that is not in the quorum ask for its members, at the URLs that are recorded.
func TestLookFromOutside(t *testing.T) {
	live := &recovery.Live{Members: []etcd.Member{
		{Name: "m1", PeerURLs: []string{"http://10.0.0.1:2380"}},
		{Name: "m2", PeerURLs: []string{"http://localhost:2380"}},
		{Name: "m3", PeerURLs: []string{"http://10.0.0.3:2380"}}, // of the machine that m3 has replaced
	}}
	s := recovery.Survey{
		{Name: "m1", Reach: recovery.Reached, Quorum: true},
		{Name: "m2", Reach: recovery.Silent},
		{
			Name: "m3", Reach: recovery.Reached, MemberName: "m3", PeerURLs: []string{"http://10.0.0.33:2380"},
			Peers: []recovery.Peer{{Name: "m1", URL: "http://10.0.0.1:2380", Answers: true}},
		},
		{Name: "m4", Reach: recovery.Reached, Bare: true},
	}
	asked := map[string]*[]string{}
	nodes := map[string]*node.Node{}
	for _, e := range s {
		asked[e.Name] = &[]string{}
		nodes[e.Name] = node.New(node.Settings{Name: e.Name}, dialled{&sync.Mutex{}, asked[e.Name], "10.0.0.1:2380"})
	}
	lookFromOutside(t.Context(), s, nodes, nil)
	for name, list := range asked {
		if len(*list) > 0 {
			t.Errorf("%s was asked where no cluster lives", name)
		}
	}
	lookFromOutside(t.Context(), s, nodes, live)
	for name, want := range map[string][]string{
		"m1": nil, "m2": nil, "m3": {"10.0.0.3:2380", "localhost:2380"},
		"m4": {"10.0.0.1:2380", "10.0.0.3:2380", "localhost:2380"},
	} {
		got := *asked[name]
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s has asked %v, want %v", name, got, want)
		}
	}
	var answers []string
	for _, p := range s.Node("m4").Peers {
		if p.Answers {
			answers = append(answers, p.Name)
		}
	}
	if !slices.Equal(answers, []string{"m1"}) || len(s.Node("m3").Peers) != 3 {
		t.Errorf("m4 reaches %v, and the peers of m3 are %v", answers, s.Node("m3").Peers)
	}
}

// TestPeersThatCannotBeAsked has a node that connects to nobody, for a reason that says nothing of who is there.
func TestPeersThatCannotBeAsked(t *testing.T) {
	refused := &ssh.OpenChannelError{Reason: ssh.ConnectionFailed}
	for _, c := range []struct {
		name    string
		err     error
		problem string // "" where silence counts
	}{
		{"sshd has tried", refused, ""},
		{"it took too long", context.DeadlineExceeded, ""},
		{"sshd forbids it", &ssh.OpenChannelError{Reason: ssh.Prohibited}, "could not be asked there"},
		{"sshd forbids it, as the client says it", etcdssh.ErrNoForwarding, "PermitOpen any), then plan again"},
		{"the connection is lost", io.EOF, "could not be asked there: EOF; plan again"},
		{"the node itself is out of reach", etcdssh.ErrNotConnected, "could not be asked there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &recovery.Evidence{
				Name: "m1", Reach: recovery.Reached, MemberName: "m1", PeerURLs: []string{"http://10.0.0.1:2380"},
				Disk: &recovery.OnDisk{Members: []etcd.Member{
					{ID: 1, Name: "m1", PeerURLs: []string{"http://10.0.0.1:2380"}},
					{ID: 2, Name: "m2", PeerURLs: []string{"http://10.0.0.2:2380"}},
				}},
			}
			lookAtPeers(t.Context(), e, node.New(node.Settings{Name: "m1"}, deaf{c.err}))
			if len(e.Peers) != 1 || e.Peers[0].Answers {
				t.Errorf("peers %v", e.Peers)
			}
			all := strings.Join(e.Problems, "\n")
			if (all != "") != (c.problem != "") || !strings.Contains(all, c.problem) {
				t.Errorf("problems %q", e.Problems)
			}
		})
	}
}

// deaf is a node through which nothing is reached.
type deaf struct{ err error }

func (d deaf) Run(context.Context, string) ([]byte, error) { return nil, errors.New("no shell") }

func (d deaf) DialContext(context.Context, string, string) (net.Conn, error) { return nil, d.err }

// TestNamelessPeer calls a member that has not started by its ID.
func TestNamelessPeer(t *testing.T) {
	asked := []string{}
	n := node.New(node.Settings{Name: "m1"}, dialled{&sync.Mutex{}, &asked, ""})
	e := &recovery.Evidence{Name: "m1", Members: []etcd.Member{
		{ID: 1, Name: "m1", PeerURLs: []string{"http://10.0.0.1:2380"}},
		{ID: 0x8e9e05c52164694d, PeerURLs: []string{"http://10.0.0.2:2380"}},
	}, MemberName: "m1"}
	lookAtPeers(t.Context(), e, n)
	if len(e.Peers) != 1 || e.Peers[0].Name != "8e9e05c52164694d" {
		t.Errorf("peers %+v", e.Peers)
	}
}

// TestOwnRecordedURL asks where a node's own member is recorded, if that can only be another machine.
func TestOwnRecordedURL(t *testing.T) {
	for recorded, asks := range map[string]bool{
		"http://10.0.0.9:2380": true, "http://10.0.0.1:2380": false, "http://10.0.0.2:2380": false,
		"http://localhost:2380": false, "http://127.0.0.1:2380": false, "http://m1.example:2380": false,
	} {
		e := &recovery.Evidence{
			MemberName: "m1", PeerURLs: []string{"http://10.0.0.1:2380"}, Addresses: []string{"10.0.0.1", "10.0.0.2"},
			Members: []etcd.Member{
				{ID: 1, Name: "m1", PeerURLs: []string{recorded}},
				{ID: 2, Name: "m2", PeerURLs: []string{"http://10.0.0.3:2380"}},
			},
		}
		asked := []string{}
		lookAtPeers(t.Context(), e, node.New(node.Settings{Name: "m1"}, dialled{&sync.Mutex{}, &asked, ""}))
		if got := len(e.Peers) == 2; got != asks {
			t.Errorf("recorded at %s: %+v", recorded, e.Peers)
		}
	}
}

// TestNetworkWarning names a pod that has not the node's addresses.
func TestNetworkWarning(t *testing.T) {
	const pod = `apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: kube-system}
spec:
  hostNetwork: false
  containers:
  - name: etcd
    command: [etcd, --name=m1, "--initial-advertise-peer-urls=https://10.0.0.11:2380"]
`
	for text, warns := range map[string]bool{
		pod: true, strings.Replace(pod, "  hostNetwork: false\n", "", 1): true,
		strings.Replace(pod, "false", "true", 1): false,
	} {
		m, err := manifest.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		w := networkWarning(&recovery.Evidence{Name: "m1", ManifestPath: "/m/etcd.yaml"}, m)
		if (w != "") != warns {
			t.Errorf("%s: %q", text, w)
		}
		for _, want := range []string{"etcd's pod on m1", "/m/etcd.yaml", "https://10.0.0.11:2380"} {
			if warns && !strings.Contains(w, want) {
				t.Errorf("it does not say %q: %s", want, w)
			}
		}
	}
}

// TestExportedPod refuses the API's copy of etcd's pod, from which the kubelet starts nothing.
func TestExportedPod(t *testing.T) {
	const pod = `apiVersion: v1
kind: Pod
metadata:
  name: etcd-m1
  annotations: {kubernetes.io/config.mirror: 24ba, kubernetes.io/config.source: file}
spec:
  containers:
  - {name: etcd, command: [etcd, --name=m1]}
`
	e := &recovery.Evidence{Name: "m1"}
	m, problems := FindManifest(e, &node.Pods{Files: []node.File{{Path: "/m/etcd.yaml", Text: []byte(pod)}}})
	if m != nil || e.NoManifest || len(problems) != 1 ||
		!strings.HasPrefix(problems[0], "/m/etcd.yaml: manifest was exported from the API") {
		t.Errorf("got %q", problems)
	}
}

// TestListenProblems names an address that the node has lost.
func TestListenProblems(t *testing.T) {
	const pod = `apiVersion: v1
kind: Pod
metadata:
  name: etcd
  namespace: kube-system
spec:
  hostNetwork: true
  containers:
  - name: etcd
    image: registry.k8s.io/etcd:3.5.16-0
    command:
    - etcd
    - --data-dir=/var/lib/etcd
    - --listen-client-urls=https://127.0.0.1:2379,https://10.0.0.11:2379
    - --listen-peer-urls=https://10.0.0.12:2380,https://0.0.0.0:2381,https://m1.example:2382
    volumeMounts:
    - {mountPath: /var/lib/etcd, name: data}
  volumes:
  - {name: data, hostPath: {path: /var/lib/etcd}}
`
	m, err := manifest.Parse([]byte(pod))
	if err != nil {
		t.Fatal(err)
	}
	e := &recovery.Evidence{Name: "m1", Manifest: pod, ManifestPath: "/m/etcd.yaml"}
	pods := &node.Pods{}
	if got := listenProblems(e, m, pods); got != nil {
		t.Errorf("addresses that were not read: %q", got)
	}
	for _, own := range []string{"127.0.0.0/8", "10.0.0.11/32"} {
		pods.Addresses = append(pods.Addresses, netip.MustParsePrefix(own))
	}
	got := listenProblems(e, m, pods)
	if len(got) != 1 || got[0] != "10.0.0.12 is not among the addresses of m1, and --listen-peer-urls in /m/etcd.yaml "+
		"has etcd listen there: etcd could not start. Give the address back to the node, or put its present one into "+
		"the manifest, then plan again" {
		t.Errorf("%q", got)
	}
}
