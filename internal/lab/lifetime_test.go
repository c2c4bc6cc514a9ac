//go:build linux

package lab

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// childVariable makes the test binary start a lab, tell its etcd processes, and wait to be killed.
const childVariable = "ETCDRECOVERY_LAB_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	l, err := Start(context.Background(), Options{Masters: 1, Dir: os.Getenv(childVariable)})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(l.Master("m1").EtcdPIDs()[0])
	select {}
}

func alive(pid int) bool {
	return syscall.Kill(pid, 0) == nil
}

func TestEtcdDiesWithTheLabsProcess(t *testing.T) {
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childVariable+"="+t.TempDir())
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || !alive(pid) {
		t.Fatalf("the lab's process says %q", line)
	}
	must(t, child.Process.Kill())
	_ = child.Wait() // says that it was killed
	within(t, "etcd gone", func() bool { return !alive(pid) })
}

func TestClose(t *testing.T) {
	before := runtime.NumGoroutine()
	l, err := Start(t.Context(), Options{Masters: 1, ExtraFlags: fast})
	must(t, err)
	m := l.Master("m1")
	pids := m.EtcdPIDs()
	client := connect(t, l, m)
	s, err := client.NewSession()
	must(t, err)
	must(t, s.Start("sleep 60"))
	m.Freeze() // the hardest to close
	must(t, l.Close())
	if len(pids) != 1 || alive(pids[0]) {
		t.Errorf("after Close etcd is %v", pids)
	}
	if left := sessionProcesses(m.Path("/")); len(left) != 0 {
		t.Errorf("after Close there are session processes: %v", left)
	}
	if _, err := os.Stat(l.Dir()); !os.IsNotExist(err) {
		t.Errorf("the lab's folder: %v", err)
	}
	must(t, l.Close())
	_ = s.Close()
	_ = client.Close()
	within(t, "goroutines ended", func() bool { return runtime.NumGoroutine() <= before })
}

func TestUnknownServer(t *testing.T) {
	if _, err := Start(t.Context(), Options{Etcd: "2.3"}); err == nil || !strings.Contains(err.Error(), `"etcd-2.3"`) {
		t.Errorf("an unknown etcd: %v", err)
	}
}
