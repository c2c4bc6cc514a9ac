package manifest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
)

func TestHostPath(t *testing.T) {
	tests := []struct {
		file, path, want string
		err              error
	}{
		{"kubeadm-1.28", "/var/lib/etcd", "/var/lib/etcd", nil},
		{"kubeadm-1.28", "/var/lib/etcd/", "/var/lib/etcd", nil},
		{"kubeadm-1.28", "/var/lib/etcd/member/snap/db", "/var/lib/etcd/member/snap/db", nil},
		{"kubeadm-1.28", "/etc/kubernetes/pki/etcd/../etcd/ca.crt", "/etc/kubernetes/pki/etcd/ca.crt", nil},
		{"kubeadm-1.28", "/var/lib/etcd2", "", ErrNoHostPath},
		{"kubeadm-1.28", "/", "", ErrNoHostPath},
		{"kubeadm-1.28", "default.etcd", "", ErrNoHostPath},
		{"kubeadm-1.28", "", "", ErrNoHostPath},
		{"command-args", "/data/etcd", "/mnt/disk1/etcd", nil},
		{"command-args", "/data/wal", "/mnt/nvme/wal", nil},
		{"command-args", "/data", "", ErrNoHostPath},
		{"subpath", "/var/lib/etcd/data", "/mnt/disk/members/m1/data", nil},
		{"subpath", "/var/lib/etcd/data/member", "/mnt/disk/members/m1/data/member", nil},
		{"subpath", "/var/lib/etcd/data/member/wal/0.wal", "/mnt/nvme/0.wal", nil},
		{"subpath", "/var/lib", "/srv/var/lib", nil},
		{"subpath", "/tmp/x", "", ErrNoHostPath},
		{"json", "/var/lib/etcd", "/var/lib/etcd", nil},
	}
	for _, test := range tests {
		t.Run(test.file+test.path, func(t *testing.T) {
			got, err := parseFile(t, test.file).HostPath(test.path)
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("got %q, %v, want %q, %v", got, err, test.want, test.err)
			}
		})
	}
}

func TestHostPathOddMounts(t *testing.T) {
	tests := map[string]struct {
		mount, host, want string
		err               error
	}{
		"root":        {"mountPath: /", "/srv", "/srv/data", nil},
		"file":        {"mountPath: /data", "/srv/file", "/srv/file", nil},
		"variable":    {"mountPath: /data, subPathExpr: $(POD)", "/srv", "", ErrUnresolved},
		"template":    {"mountPath: /data", "'${DIR}'", "", ErrUnresolved},
		"no variable": {"mountPath: /data, subPathExpr: m1", "/srv", "/srv/m1", nil},
		"climbing":    {"mountPath: /data, subPath: ../etc", "/srv", "", ErrSyntax},
		"relative":    {"mountPath: /data", "srv", "", ErrSyntax},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := append(
				etcdPod("--name=m1"),
				fmt.Sprintf(
					"    volumeMounts:\n    - {name: d, %s}\n  volumes:\n  - {name: d, hostPath: {path: %s}}\n",
					test.mount,
					test.host,
				)...)
			m, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.HostPath("/data")
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("got %q, %v, want %q, %v", got, err, test.want, test.err)
			}
		})
	}
}

func TestHostPaths(t *testing.T) {
	got := parseFile(t, "command-args").HostPaths()
	if want := map[string]string{
		"data-dir": "/mnt/disk1/etcd",
		"wal-dir":  "/mnt/nvme/wal",
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if got := parseFile(t, "kubeadm-1.28").HostPaths(); got["peer-key-file"] != "/etc/kubernetes/pki/etcd/peer.key" ||
		len(got) != 7 {
		t.Errorf("got %v", got)
	}
}

func TestWALDir(t *testing.T) {
	for file, want := range map[string]string{
		"kubeadm-1.28": "",
		"command-args": "/data/wal",
		"subpath":      "/var/lib/etcd/data/member/wal", // another volume is mounted there
	} {
		if got := parseFile(t, file).WALDir(); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
	for flag, want := range map[string]string{
		"":                         "",
		"/var/lib/etcd/member/wal": "",
		"/var/lib/etcd/wal":        "/var/lib/etcd/wal", // in the data directory, but not in its member folder
		"/mnt/wal":                 "/mnt/wal",
	} {
		m, err := Parse(etcdPod("--data-dir=/var/lib/etcd", "--wal-dir="+flag))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.WALDir(); got != want {
			t.Errorf("--wal-dir=%s: got %q, want %q", flag, got, want)
		}
	}
}
