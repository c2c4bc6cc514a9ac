package manifest

import "testing"

func TestWrapsEtcd(t *testing.T) {
	script := func(text string) []string { return []string{"/bin/sh", "-c", text} }
	tests := map[string]struct {
		argv []string
		want bool
	}{
		"plain":           {script("etcd --name=m1"), true},
		"exec":            {script("set -e; exec /usr/local/bin/etcd --name m1 >>/log 2>&1"), true},
		"nice":            {script("export A=b\nexec nice -n -19 ionice -c2 -n0 etcd \\\n --name=m1 || mv a b"), true},
		"assignment":      {script("ETCD_NAME=m1 etcd"), true},
		"quoted":          {script(`if true; then exec "etcd"; fi`), true},
		"no -c":           {[]string{"bash", "/usr/bin/etcd"}, true},
		"runner":          {[]string{"/go-runner", "--log-file=/x", "/usr/local/bin/etcd", "--name=m1"}, true},
		"tini":            {[]string{"/tini", "--", "etcd"}, true},
		"proxy":           {script("exec nice etcd grpc-proxy start"), false},
		"runner of proxy": {[]string{"/tini", "/usr/bin/etcd", "gateway"}, false},
		"word":            {script("echo etcd; nc -z etcd 2379; cp -r /var/lib/etcd /b"), false},
		"etcdctl":         {script("etcdctl snapshot save /backup/etcd"), false},
		"argument":        {[]string{"backup", "--from", "etcd"}, false},
		"data directory":  {[]string{"backup", "/var/lib/etcd"}, false},
		"etcd itself":     {[]string{"etcd", "grpc-proxy"}, false},
		"nothing":         {nil, false},
	}
	for name, test := range tests {
		if got := (program{command: test.argv}).wrapsEtcd(); got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
