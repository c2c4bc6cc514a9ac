//go:build linux && e2e

package machine_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/machine"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/spawn"
)

var packages = []string{"systemd", "systemd-sysv", "dbus", "openssh-server", "iproute2", "procps"}

func cache(t *testing.T) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "etcdrecovery-lab")
}

func TestMain(m *testing.M) {
	os.Exit(machine.Main(machine.Program{
		Prepare: func(context.Context) ([]*os.File, error) { return nil, nil },
		Run:     func([]*os.File) int { return m.Run() },
	}))
}

func TestMachine(t *testing.T) {
	base := os.Getenv("BASE")
	_ = io.Discard
	w, err := machine.NewNetwork(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	s := spawn.New()
	defer s.Close()
	m, err := machine.New(machine.Config{Name: "m1", Dir: filepath.Join(t.TempDir(), "m1"), Base: base, Network: w, Number: 1, Spawn: s, Volumes: []string{"/var/lib/containerd"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	began := time.Now()
	if err := m.PowerOn(ctx); err != nil {
		t.Fatal(err)
	}
	t.Log("on", time.Since(began))
	time.Sleep(3 * time.Second)
	for _, c := range [][]string{{"systemctl", "is-system-running"}, {"systemctl", "--failed"}, {"ps", "ax"}, {"ip", "addr"}, {"cat", "/proc/self/mountinfo"}, {"journalctl", "--no-pager", "-p", "4"}} {
		out, err := m.Run(ctx, c...)
		t.Log(c, out, err)
	}
	t.Log(time.Since(began))
	_ = m.PowerOff()
	t.Log(time.Since(began))
}
