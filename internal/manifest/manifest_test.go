package manifest

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
)

func parseFile(t *testing.T, name string) *Manifest {
	t.Helper()
	text, err := os.ReadFile("testdata/accepted/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// etcdPod is a pod whose etcd has these arguments.
func etcdPod(argv ...string) []byte {
	return []byte(
		"apiVersion: v1\nkind: Pod\nmetadata:\n  name: etcd\nspec:\n  containers:\n  - name: etcd\n    command:\n    " +
			"- etcd\n    - " +
			strings.Join(argv, "\n    - ") + "\n",
	)
}

func TestSettings(t *testing.T) {
	m := parseFile(t, "kubeadm-1.28-joined")
	for what, got := range map[string][2]any{
		"namespace":     {m.Namespace(), "kube-system"},
		"pod":           {m.PodName(), "etcd"},
		"container":     {m.ContainerName(), "etcd"},
		"image":         {m.Image(), "registry.k8s.io/etcd:3.5.9-0"},
		"name":          {m.Name(), "m1"},
		"data dir":      {m.DataDir(), "/var/lib/etcd"},
		"wal dir":       {m.WALDir(), ""},
		"peers":         {m.PeerURLs(), []string{"https://10.0.0.11:2380"}},
		"listen peers":  {m.ListenPeerURLs(), []string{"https://10.0.0.11:2380"}},
		"clients":       {m.ClientURLs(), []string{"https://10.0.0.11:2379"}},
		"listen client": {m.ListenClientURLs(), []string{"https://127.0.0.1:2379", "https://10.0.0.11:2379"}},
		"metrics":       {m.MetricsURLs(), []string{"http://127.0.0.1:2381"}},
		"cluster":       {m.InitialCluster(), "m2=https://10.0.0.12:2380,m1=https://10.0.0.11:2380"},
		"state":         {m.InitialClusterState(), "existing"},
		"forced":        {m.Forced(), false},
		"pki": {m.PKI(), PKI{
			CertFile:          "/etc/kubernetes/pki/etcd/server.crt",
			KeyFile:           "/etc/kubernetes/pki/etcd/server.key",
			TrustedCAFile:     "/etc/kubernetes/pki/etcd/ca.crt",
			PeerCertFile:      "/etc/kubernetes/pki/etcd/peer.crt",
			PeerKeyFile:       "/etc/kubernetes/pki/etcd/peer.key",
			PeerTrustedCAFile: "/etc/kubernetes/pki/etcd/ca.crt",
		}},
	} {
		if !reflect.DeepEqual(got[0], got[1]) {
			t.Errorf("%s: got %v, want %v", what, got[0], got[1])
		}
	}
}

func TestProbes(t *testing.T) {
	text := string(
		etcdPod("--name=m1", "--feature-gates=InitialCorruptCheck=true,TxnModeWriteWithSharedBuffer=false,broken"),
	) + `    ports: [{containerPort: 2381, name: probe-port}]
    startupProbe: {httpGet: {host: 127.0.0.1, path: /readyz, port: probe-port, scheme: HTTPS}}
    livenessProbe: {exec: {command: [/bin/sh, -ec, etcdctl get foo]}}
    readinessProbe: {tcpSocket: {port: 2379}}
`
	m, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Probe{
		{Kind: "startup", Scheme: "https", Host: "127.0.0.1", Port: "2381", Path: "/readyz"},
		{Kind: "liveness", Command: []string{"/bin/sh", "-ec", "etcdctl get foo"}},
		{Kind: "readiness", Scheme: "tcp", Port: "2379"},
	}
	if got := m.Probes(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := m.FeatureGates(); !reflect.DeepEqual(
		got,
		map[string]bool{"InitialCorruptCheck": true, "TxnModeWriteWithSharedBuffer": false},
	) {
		t.Errorf("got %v", got)
	}
	if got := parseFile(
		t,
		"kubeadm-1.28",
	).Probes(); len(got) == 0 || got[0].Scheme != "http" || got[0].Port != "2381" ||
		!strings.HasPrefix(got[0].Path, "/health") {
		t.Errorf("got %+v", got)
	}
}

// Feature gates that are given twice add up, as in etcd 3.6, and of one gate the last counts. No other flag does.
func TestGatesTwice(t *testing.T) {
	m := parseFile(t, "gates-twice")
	want := map[string]bool{"InitialCorruptCheck": true, "CompactHashCheck": true}
	if got := m.FeatureGates(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if got := m.Settings()[flagFeatureGates]; got != "InitialCorruptCheck=true,CompactHashCheck=true" {
		t.Errorf("got %q", got)
	}
	m, err := Parse(etcdPod("--feature-gates=A=true,B=true", "--name=m1", "--feature-gates=A=false", "--name=m2"))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.FeatureGates(); !reflect.DeepEqual(got, map[string]bool{"A": false, "B": true}) || m.Name() != "m2" {
		t.Errorf("got %v of %s", got, m.Name())
	}
}

// TestHostNetwork finds out whether the pod has the node's addresses, however that is written.
func TestHostNetwork(t *testing.T) {
	for file, want := range map[string]bool{"gates-twice": true, "duplicates": false} {
		if got := parseFile(t, file).HostNetwork(); got != want {
			t.Errorf("%s: got %v", file, got)
		}
	}
	text := `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "etcd"}, "spec": {"hostNetwork": true, ` +
		`"containers": [{"name": "etcd", "command": ["etcd", "--name=m1"]}]}}`
	m, err := Parse([]byte(text))
	if err != nil || !m.HostNetwork() {
		t.Errorf("JSON: %v", err)
	}
}

// The environment counts like the command line, of two flags the last.
func TestVariables(t *testing.T) {
	m := parseFile(t, "environment")
	for flag, want := range map[string]string{
		"name":                  "m1",
		"data-dir":              "/var/lib/etcd",
		"initial-cluster-state": "existing",
		"discovery-srv":         "example.com",
		"unsupported-arch":      "",
	} {
		if got := m.Settings()[flag]; got != want {
			t.Errorf("--%s: got %q, want %q", flag, got, want)
		}
	}
	m = parseFile(t, "environment-put-in")
	if m.Name() != "m1" || m.DataDir() != "/var/lib/etcd" || m.PeerURLs()[0] != "https://10.0.0.11:2380" ||
		m.InitialCluster() != "m1=https://10.0.0.11:2380" {
		t.Errorf("got %v", m.Settings())
	}
}

func TestExpand(t *testing.T) {
	values := map[string]string{"A": "x", "B": ""}
	for text, want := range map[string]string{
		"":             "",
		"$(A)":         "x",
		"a$(A)b$(B)c":  "axbc",
		"$(C)$(A)":     "$(C)x",
		"$$(A)":        "$(A)",
		"$$$(A)":       "$x",
		"$A ${A} $":    "$A ${A} $",
		"$(A":          "$(A",
		"$()":          "$()",
		"$($(A))":      "$($(A))",
		"a$$":          "a$",
		"$(A)$(A)$(D)": "xx$(D)",
	} {
		if got := expand(text, values); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestDefaults(t *testing.T) {
	m := parseFile(t, "kubeadm-1.7")
	for what, got := range map[string][2]any{
		"name":         {m.Name(), "default"},
		"peers":        {m.PeerURLs(), []string{"http://localhost:2380"}},
		"listen peers": {m.ListenPeerURLs(), []string{"http://localhost:2380"}},
		"metrics":      {m.MetricsURLs(), []string(nil)},
		"cluster":      {m.InitialCluster(), ""},
		"state":        {m.InitialClusterState(), "new"},
		"pki":          {m.PKI(), PKI{}},
	} {
		if !reflect.DeepEqual(got[0], got[1]) {
			t.Errorf("%s: got %v, want %v", what, got[0], got[1])
		}
	}
	m = parseFile(t, "args-only")
	if m.Namespace() != "default" || m.DataDir() != "m1.etcd" {
		t.Errorf("namespace %q, data dir %q", m.Namespace(), m.DataDir())
	}
	if m.ClientURLs()[0] != "http://localhost:2379" || m.ListenClientURLs()[0] != "http://localhost:2379" {
		t.Errorf("clients %q, listening at %q", m.ClientURLs(), m.ListenClientURLs())
	}
}

func TestFlag(t *testing.T) {
	m := parseFile(t, "two-items")
	for flag, want := range map[string]string{
		"name": "m1", "data-dir": "/var/lib/etcd", "client-cert-auth": "true",
		"max-wals": "-1", "force-new-cluster": "false", "discovery": "https://discovery.example.com/abc",
	} {
		if got, found := m.Flag(flag); !found || got != want {
			t.Errorf("--%s: got %q, %t, want %q", flag, got, found, want)
		}
	}
	if got, found := m.Flag("wal-dir"); found {
		t.Errorf("--wal-dir: got %q", got)
	}
	m = parseFile(t, "duplicates")
	if m.Name() != "m1" || m.InitialCluster() != "m1=http://10.0.0.99:2380" {
		t.Errorf("the last does not win: %q, %q", m.Name(), m.InitialCluster())
	}
}

func TestFlagForms(t *testing.T) {
	tests := map[string]struct {
		argv []string
		want map[string]string
		err  error
	}{
		"empty value": {argv: []string{"--wal-dir="}, want: map[string]string{"wal-dir": ""}},
		"value with equal signs": {
			argv: []string{"--initial-cluster=a=http://h:1"},
			want: map[string]string{"initial-cluster": "a=http://h:1"},
		},
		"known flag eats dashes": {
			argv: []string{"--name", "--data-dir"},
			want: map[string]string{"name": "--data-dir"},
		},
		"unknown before flag": {argv: []string{"--new-switch", "--name=m1"}, err: ErrShape},
		"number as value": {
			argv: []string{"--max-wals", "\"-1\"", "--name=m1"},
			want: map[string]string{"max-wals": "-1", "name": "m1"},
		},
		"unknown with value": {
			argv: []string{"--new-option", "v", "--name=m1"},
			want: map[string]string{"new-option": "v", "name": "m1"},
		},
		"unknown last": {
			argv: []string{"--name=m1", "--new-switch"},
			want: map[string]string{"new-switch": "true"},
		},
		"terminator":        {argv: []string{"--name=m1", `"--"`}, want: map[string]string{"name": "m1"}},
		"behind terminator": {argv: []string{`"--"`, "--name=m1"}, err: ErrSyntax},
		"three dashes":      {argv: []string{"---name=m1"}, err: ErrSyntax},
		"no name":           {argv: []string{"--=m1"}, err: ErrSyntax},
		"word":              {argv: []string{"server"}, err: ErrSyntax},
		"bad bool":          {argv: []string{"--force-new-cluster=yes"}, err: ErrSyntax},
		"control character": {argv: []string{`"--name=a\tb"`}, err: ErrSyntax},
		"handlebars":        {argv: []string{"'--name={{ host }}'"}, err: ErrUnresolved},
		"variable flag":     {argv: []string{"--$(FLAG)=x"}, err: ErrUnresolved},
		"config file":       {argv: []string{"--config-file", "/etc/$(X)"}, err: ErrConfigFile},
		"empty config file": {argv: []string{"--config-file="}, want: map[string]string{"config-file": ""}},
		"integer":           {argv: []string{"--max-wals", "5"}, err: ErrSyntax},
		"null":              {argv: []string{"~"}, err: ErrSyntax},
		"mapping":           {argv: []string{"--name: m1"}, err: ErrSyntax},
		"list":              {argv: []string{"- --name=m1"}, err: ErrSyntax},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, err := Parse(etcdPod(test.argv...))
			if !errors.Is(err, test.err) {
				t.Fatalf("got %v, want %v", err, test.err)
			}
			for flag, want := range test.want {
				if got, found := m.Flag(flag); !found || got != want {
					t.Errorf("--%s: got %q, %t, want %q", flag, got, found, want)
				}
			}
		})
	}
}

func TestForced(t *testing.T) {
	env := func(value string) string {
		return "--name=m1\n    env:\n    - name: ETCD_FORCE_NEW_CLUSTER\n      " + value
	}
	tests := map[string]struct {
		argv   []string
		forced bool
		parse  error
		force  error
		join   error
	}{
		"no":         {argv: []string{"--name=m1"}},
		"bare":       {argv: []string{"--name=m1", "--force-new-cluster"}, forced: true, force: ErrForced},
		"single":     {argv: []string{"--name=m1", "-force-new-cluster=1"}, forced: true, force: ErrForced},
		"last wins":  {argv: []string{"--name=m1", "--force-new-cluster", "--force-new-cluster=false"}},
		"env":        {argv: []string{env(`value: "true"`)}, forced: true, force: ErrForced},
		"env false":  {argv: []string{env(`value: "false"`)}, force: ErrEnvironment},
		"env empty":  {argv: []string{env(`value: ""`)}, force: ErrEnvironment},
		"env broken": {argv: []string{env(`value: "maybe"`)}, parse: ErrSyntax, force: ErrSyntax, join: ErrSyntax},
		"env from": {
			argv:  []string{env(`valueFrom: {fieldRef: {fieldPath: metadata.name}}`)},
			parse: ErrUnresolved,
			force: ErrUnresolved,
			join:  ErrUnresolved,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := etcdPod(test.argv...)
			m, err := Parse(text)
			if !errors.Is(err, test.parse) {
				t.Fatalf("Parse: got %v, want %v", err, test.parse)
			}
			if err == nil && m.Forced() != test.forced {
				t.Errorf("forced %t", m.Forced())
			}
			out, err := Force(text)
			if !errors.Is(err, test.force) {
				t.Errorf("Force: got %v, want %v", err, test.force)
			}
			if err == nil {
				checkForced(t, text, out)
			}
			out, err = Join(text, joined("m1"))
			if !errors.Is(err, test.join) {
				t.Errorf("Join: got %v, want %v", err, test.join)
			}
			if err == nil {
				checkJoined(t, text, out, joined("m1"))
			}
		})
	}
}

func TestSamePod(t *testing.T) {
	etcd, other := parseFile(t, "kubeadm-1.28"), parseFile(t, "args-only")
	if !etcd.SamePod(parseFile(t, "json")) {
		t.Error("kube-system/etcd is not kube-system/etcd")
	}
	if etcd.SamePod(other) || etcd.SamePod(parseFile(t, "forced")) {
		t.Error("other pods are the same")
	}
}

func TestTooLarge(t *testing.T) {
	text := append(etcdPod("--name=m1"), strings.Repeat("#\n", maxSize/2)...)
	if _, err := Parse(text); !errors.Is(err, ErrSyntax) {
		t.Errorf("got %v", err)
	}
	if _, _, ok := Identify(text); ok {
		t.Error("identified")
	}
}
