//go:build linux

package lab_test

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

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
)

// childVariable makes the test binary start a lab, tell its etcd processes, and wait to be killed.
const childVariable = "ETCDRECOVERY_LAB_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	l, err := lab.Start(context.Background(), lab.Options{Nodes: 1, Dir: os.Getenv(childVariable)})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(l.Node("m1").EtcdPIDs()[0])
	select {}
}

func alive(pid int) bool {
	return syscall.Kill(pid, 0) == nil
}

func TestEtcdDiesWithTheLabsProcess(t *testing.T) {
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childVariable+"="+t.TempDir())
	out, err := child.StdoutPipe()
	labtest.Must(t, err)
	labtest.Must(t, child.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	labtest.Must(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || !alive(pid) {
		t.Fatalf("the lab's process says %q", line)
	}
	labtest.Must(t, child.Process.Kill())
	_ = child.Wait() // says that it was killed
	labtest.Within(t, "etcd gone", func() bool { return !alive(pid) })
}

func TestClose(t *testing.T) {
	before := runtime.NumGoroutine()
	l, err := lab.Start(t.Context(), lab.Options{Nodes: 1, ExtraFlags: labtest.FastElections()})
	labtest.Must(t, err)
	m := l.Node("m1")
	pids := m.EtcdPIDs()
	client := labtest.Connect(t, l, m)
	s, err := client.NewSession()
	labtest.Must(t, err)
	labtest.Must(t, s.Start("sleep 60"))
	m.Freeze() // the hardest to close
	labtest.Must(t, l.Close())
	if len(pids) != 1 || alive(pids[0]) {
		t.Errorf("after Close etcd is %v", pids)
	}
	if left := proc.OfSessions(m.Path("/")); len(left) != 0 {
		t.Errorf("after Close there are session processes: %v", left)
	}
	if _, err := os.Stat(l.Dir()); !os.IsNotExist(err) {
		t.Errorf("the lab's folder: %v", err)
	}
	labtest.Must(t, l.Close())
	_ = s.Close()
	_ = client.Close()
	labtest.Within(t, "goroutines ended", func() bool { return runtime.NumGoroutine() <= before })
}

func TestUnknownServer(t *testing.T) {
	_, err := lab.Start(t.Context(), lab.Options{Etcd: "2.3"})
	if err == nil || !strings.Contains(err.Error(), `"etcd-2.3"`) {
		t.Errorf("an unknown etcd: %v", err)
	}
}
