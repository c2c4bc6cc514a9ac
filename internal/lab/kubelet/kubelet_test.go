//go:build linux

package kubelet_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/build"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/kubelet"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
)

func TestStaticPods(t *testing.T) {
	l := labtest.Start(t, lab.Options{Nodes: 1})
	m := l.Node("m1")
	c := labtest.Connect(t, l, m)
	manifest, parked := m.Path("/etc/kubernetes/manifests/etcd.yaml"), m.Path("/root/etcd.yaml")
	text, err := os.ReadFile(manifest)
	labtest.Must(t, err)
	etcds := func(n int) func() bool { return func() bool { return len(m.EtcdPIDs()) == n } }
	// restarted waits for an etcd other than the one it is told.
	restarted := func(t *testing.T, old int) int {
		t.Helper()
		labtest.Within(t, "another etcd", func() bool { p := m.EtcdPIDs(); return len(p) == 1 && p[0] != old })
		return m.EtcdPIDs()[0]
	}
	const list = "crictl ps --label io.kubernetes.container.name=etcd"

	t.Run("crictl", func(t *testing.T) {
		ps := labtest.RunJSON[labtest.Containers](t, c, list+" -o json")
		if len(ps.Containers) != 1 {
			t.Fatalf("crictl ps shows %+v", ps)
		}
		one := ps.Containers[0]
		if one.State != "CONTAINER_RUNNING" || one.Labels["io.kubernetes.pod.name"] != "etcd-m1" || len(one.ID) != 64 {
			t.Errorf("crictl ps shows %+v", one)
		}
		in := labtest.RunJSON[labtest.Inspection](t, c, "crictl inspect "+one.ID[:13])
		if in.Info.PID != m.EtcdPIDs()[0] || in.Info.RuntimeSpec.Process.Args[0] != "etcd" {
			t.Errorf("crictl inspect shows %+v", in)
		}
		_, log, _ := labtest.Run(t, c, "", "crictl logs "+one.ID)
		if !strings.Contains(log, "starting an etcd server") || log != m.ContainerLog() {
			t.Errorf("crictl logs shows %q", log)
		}
		if _, last, _ := labtest.Run(t, c, "", "crictl logs --tail 2 "+one.ID); strings.Count(last, "\n") != 2 {
			t.Errorf("the last two lines are %q", last)
		}
		raw, err := os.ReadFile(in.Status.LogPath)
		labtest.Must(t, err)
		line, _, _ := strings.Cut(string(raw), "\n")
		if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z stderr F \{`).MatchString(line) {
			t.Errorf("the log begins with %q", line)
		}
		socket := "unix://" + m.Path("/run/containerd/containerd.sock")
		images := "crictl -r " + socket + " inspecti " + build.EtcdRef(l.Version())
		if out, errs, status := labtest.Run(t, c, "", images); status != 0 || !strings.Contains(out, `"repoTags"`) {
			t.Errorf("crictl inspecti: %q, %q, %d", out, errs, status)
		}
		if _, _, status := labtest.Run(t, c, "", "crictl -r unix:///run/dockershim.sock ps"); status == 0 {
			t.Error("crictl takes any endpoint")
		}
		if _, _, status := labtest.Run(t, c, "", "crictl inspect nothing"); status == 0 {
			t.Error("crictl inspects what is not there")
		}
		began := time.Now()
		for range 10 {
			labtest.Run(t, c, "", list+" -o json")
		}
		t.Logf("crictl ps takes %v", time.Since(began)/10)
	})

	t.Run("moved out and in", func(t *testing.T) {
		labtest.Must(t, os.Rename(manifest, parked))
		labtest.Within(t, "etcd stopped", etcds(0))
		if ps := labtest.RunJSON[labtest.Containers](t, c, list+" -o json"); len(ps.Containers) != 0 {
			t.Errorf("crictl ps shows %+v", ps)
		}
		all := labtest.RunJSON[labtest.Containers](t, c, list+" -a -o json")
		if len(all.Containers) != 1 || all.Containers[0].State != "CONTAINER_EXITED" {
			t.Fatalf("crictl ps -a shows %+v", all)
		}
		in := labtest.RunJSON[labtest.Inspection](t, c, "crictl inspect "+all.Containers[0].ID)
		if in.Status.ExitCode != 0 || in.Info.PID != 0 {
			t.Errorf("crictl inspect shows %+v", in)
		}
		labtest.Must(t, os.Rename(parked, manifest))
		labtest.Must(t, l.WaitHealthy(labtest.Timeout(t, labtest.Patience)))
	})

	t.Run("dot files do not count", func(t *testing.T) {
		other := strings.Replace(string(text), "name: etcd\n", "name: x\n", 1)
		labtest.Must(t, os.WriteFile(m.Path("/etc/kubernetes/manifests/.other.yaml"), []byte(other), 0o600))
		time.Sleep(100 * time.Millisecond)
		if pids := m.EtcdPIDs(); len(pids) != 1 {
			t.Errorf("etcd runs as %v", pids)
		}
	})

	t.Run("a backup in the folder", func(t *testing.T) {
		pid := m.EtcdPIDs()[0]
		backup := manifest + ".bak"
		labtest.Must(t, os.WriteFile(backup, text, 0o600))
		time.Sleep(50 * time.Millisecond)
		labtest.Must(t, os.Rename(manifest, parked))
		time.Sleep(200 * time.Millisecond)
		if pids := m.EtcdPIDs(); len(pids) != 1 || pids[0] != pid {
			t.Errorf("etcd was %d and is %v", pid, pids)
		}
		labtest.Must(t, os.Remove(backup))
		labtest.Within(t, "etcd stopped", etcds(0))
		labtest.Must(t, os.Rename(parked, manifest))
		labtest.Within(t, "etcd started", etcds(1))
	})

	t.Run("changed in place", func(t *testing.T) {
		pid := m.EtcdPIDs()[0]
		labtest.Must(t, os.WriteFile(manifest, append(text, "# changed\n"...), 0o600))
		restarted(t, pid)
		labtest.Must(t, l.WaitHealthy(labtest.Timeout(t, labtest.Patience)))
	})

	t.Run("killed", func(t *testing.T) {
		first := m.EtcdPIDs()[0]
		m.KillEtcd()
		second := restarted(t, first)
		began := time.Now()
		m.KillEtcd()
		third := restarted(t, second)
		if took := time.Since(began); took < 200*time.Millisecond {
			t.Errorf("the second restart came after %v already", took)
		}
		began = time.Now()
		m.KillEtcd()
		restarted(t, third)
		if took := time.Since(began); took < 450*time.Millisecond {
			t.Errorf("the third restart came after %v already", took)
		}
		all := labtest.RunJSON[labtest.Containers](t, c, list+" -a -o json")
		if len(all.Containers) != 1+kubelet.KeptContainers || all.Containers[0].Metadata.Attempt < 3 {
			t.Errorf("crictl ps -a shows %+v", all)
		}
	})

	t.Run("stopped through the CRI", func(t *testing.T) {
		// Out and in again, to be rid of the back-off.
		labtest.Must(t, os.Rename(manifest, parked))
		labtest.Within(t, "etcd stopped", etcds(0))
		labtest.Must(t, os.Rename(parked, manifest))
		labtest.Within(t, "etcd started", etcds(1))

		// The kubelet starts again what is stopped behind its back …
		pid := m.EtcdPIDs()[0]
		if _, errs, status := labtest.Run(t, c, "", "crictl stop --timeout 5 $("+list+" -q)"); status != 0 {
			t.Fatalf("crictl stop: %s", errs)
		}
		pid = restarted(t, pid)
		// … unless it is stopped itself, while the container runs on.
		labtest.Run(t, c, "", "systemctl stop kubelet")
		if out, _, status := labtest.Run(t, c, "", "systemctl is-active kubelet"); out != "inactive\n" || status != 3 {
			t.Errorf("the kubelet is %q, %d", out, status)
		}
		labtest.Must(t, os.Rename(manifest, parked))
		time.Sleep(200 * time.Millisecond)
		if pids := m.EtcdPIDs(); len(pids) != 1 || pids[0] != pid {
			t.Errorf("without a kubelet, etcd was %d and is %v", pid, pids)
		}
		const remove = "crictl rmp -f $(crictl pods --label component=etcd --state Ready -q)"
		if _, errs, status := labtest.Run(t, c, "", remove); status != 0 {
			t.Fatalf("crictl rmp: %s", errs)
		}
		if pids := m.EtcdPIDs(); len(pids) != 0 {
			t.Errorf("etcd runs on as %v", pids)
		}
		m.KubeletStart()
		time.Sleep(200 * time.Millisecond)
		if pids := m.EtcdPIDs(); len(pids) != 0 {
			t.Errorf("etcd was started as %v without a manifest", pids)
		}
		labtest.Must(t, os.Rename(parked, manifest))
		labtest.Within(t, "etcd started", etcds(1))
	})

	t.Run("kubelet restarted", func(t *testing.T) {
		pid := m.EtcdPIDs()[0]
		m.KubeletRestart()
		time.Sleep(200 * time.Millisecond)
		if pids := m.EtcdPIDs(); len(pids) != 1 || pids[0] != pid {
			t.Errorf("etcd was %d and is %v", pid, pids)
		}
		labtest.Must(t, os.Rename(manifest, parked)) // the new one knows what it has adopted …
		labtest.Within(t, "etcd stopped", etcds(0))
		labtest.Must(t, os.Rename(parked, manifest))
		labtest.Within(t, "etcd started", etcds(1))

		m.KubeletStop() // … and stops what has no manifest, or another, when it comes
		labtest.Must(t, os.Rename(manifest, parked))
		m.KubeletRestart()
		labtest.Within(t, "etcd stopped", etcds(0))
		labtest.Must(t, os.Rename(parked, manifest))
		labtest.Within(t, "etcd started", etcds(1))
		pid = m.EtcdPIDs()[0]
		m.KubeletStop()
		labtest.Must(t, os.WriteFile(manifest, append(text, "# changed again\n"...), 0o600))
		m.KubeletRestart()
		restarted(t, pid)
	})

	t.Run("image missing", func(t *testing.T) {
		m.RemoveImage()
		if _, _, status := labtest.Run(t, c, "", "crictl inspecti "+build.EtcdRef(l.Version())); status == 0 {
			t.Error("crictl still shows the image")
		}
		m.KillEtcd()
		time.Sleep(300 * time.Millisecond)
		if pids := m.EtcdPIDs(); len(pids) != 0 {
			t.Errorf("etcd was started without its image, as %v", pids)
		}
		m.RestoreImage()
		labtest.Within(t, "etcd started", etcds(1))
	})
}

// TestNewKubeletForgetsCrashes has one that would start etcd in an hour, and a new one, which starts it.
func TestNewKubeletForgetsCrashes(t *testing.T) {
	l := labtest.Start(t, lab.Options{
		Nodes: 1, Kubelet: lab.KubeletTiming{Backoff: time.Hour, BackoffMax: time.Hour, BackoffReset: time.Hour},
	})
	m := l.Node("m1")
	for range 2 {
		old := m.EtcdPIDs()[0]
		m.KillEtcd()
		m.KubeletRestart()
		labtest.Within(t, "another etcd", func() bool { p := m.EtcdPIDs(); return len(p) == 1 && p[0] != old })
	}
}

// TestNameThatIsTaken changes a pod while the old one of its name still stops, and its name as well.
func TestNameThatIsTaken(t *testing.T) {
	for _, c := range []struct {
		change string
		wait   time.Duration
		waits  bool
	}{
		{"  name: etcd\n# changed", 2 * time.Second, true},
		{"  name: etcd-forced", time.Hour, false},
	} {
		l := labtest.Start(t, lab.Options{Nodes: 1, Kubelet: lab.KubeletTiming{SameName: c.wait}})
		m := l.Node("m1")
		manifest := m.Path("/etc/kubernetes/manifests/etcd.yaml")
		text, err := os.ReadFile(manifest)
		labtest.Must(t, err)
		began := time.Now()
		labtest.Must(t, os.Remove(manifest))
		labtest.Within(t, "etcd stopped", func() bool { return len(m.EtcdPIDs()) == 0 })
		changed := strings.Replace(string(text), "\n  name: etcd\n", "\n"+c.change+"\n", 1)
		labtest.Must(t, os.WriteFile(manifest, []byte(changed), 0o600))
		labtest.Within(t, "etcd started", func() bool { return len(m.EtcdPIDs()) == 1 })
		if took := time.Since(began); c.waits && took < c.wait {
			t.Errorf("with %q it was started after %v already", c.change, took)
		}
	}
}
