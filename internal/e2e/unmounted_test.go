//go:build linux && e2e

package e2e_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// notMounted is what is said of the disk that is missing.
const notMounted = "/etc/fstab mounts /srv/etcd-disk"

// unmounted has a power loss of two masters, whose disks with etcd's data are not mounted afterwards. The third one
// lacks what they have acknowledged. What etcd makes of the empty folders beneath, with the third one and without it,
// must not be taken for a loss. It leaves a cluster that has everything, and returns how many keys that is.
func unmounted(t *testing.T, l *lab.Lab, w *terraform.Workspace, nodes map[string]*node.Node, before int64) int64 {
	m1, pulled := l.Debian("m1"), []lab.DebianNode{l.Debian("m2"), l.Debian("m3")}
	plan := func(code int) string { return run(t, w, code, "plan") }
	look := func() recovery.Survey { return survey.Take(t.Context(), nodes, time.Now()) }
	for _, m := range pulled {
		must(t, m.DataOnDisk())
	}
	must(t, l.WaitHealthy(soon(t)))
	m1.CutOff()
	acked := writtenTo(t, l, "m2", "m3")
	for _, m := range pulled {
		m.PowerOff()
		must(t, m.PullDisk())
	}
	must(t, m1.Reconnect())
	for _, m := range pulled {
		must(t, m.PowerOn())
	}

	t.Run("etcd ends on the empty folder", func(t *testing.T) {
		for _, m := range pulled {
			until(t, "the end of etcd on "+m.Name(), time.Minute, func() bool {
				return strings.Contains(m.ContainerLog(), "has already been bootstrapped")
			})
		}
		refuses(t, l, plan, "mount the disk",
			"m2: /var/lib/etcd/member/wal is missing, and "+notMounted+" at /var/lib/etcd, which is not mounted now",
			"m3: /var/lib/etcd/member/wal is missing, and "+notMounted+" at /var/lib/etcd, which is not mounted now")
		undetermined(t, look())
	})
	var advice string
	t.Run("etcd founds a cluster on the empty folders", func(t *testing.T) {
		m1.KubeletStop()
		m1.KillEtcd()
		for _, m := range pulled {
			m.KubeletRestart() // without a back-off
		}
		c, err := l.Client(t.Context(), "m2", "m3")
		must(t, err)
		defer func() { must(t, c.Close()) }()
		until(t, "a new cluster", time.Minute, func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			r, err := c.Get(ctx, "any")
			return err == nil && r.Header.Revision == 1
		})
		refuses(t, l, func(code int) string { advice = plan(code); return advice },
			"data on m1 that it never had",
			"on m2, /var/lib/etcd has something in it, and "+notMounted+" there, which is not mounted now: its etcd "+
				"serves from what lies there now, and would go back to what is on that disk",
			"on m3, /var/lib/etcd has something in it")
	})
	t.Run("the empty folder as it is", func(t *testing.T) {
		for _, m := range pulled {
			line := regexp.MustCompile(` ` + m.Name() + `: (mkdir .*); and when etcd has stopped: (mv .*)`).
				FindStringSubmatch(advice)
			if line == nil {
				t.Fatalf("nothing is advised for %s:\n%s", m.Name(), advice)
			}
			command(t, m, "sh", "-c", line[1])
			until(t, "the end of etcd on "+m.Name(), time.Minute, func() bool { return len(m.EtcdPIDs()) == 0 })
			command(t, m, "sh", "-c", line[2])
		}
		all := look()
		undetermined(t, all)
		refusedAs(t, decideSeed(all), recovery.CodeDataUnknown,
			"m2: /var/lib/etcd is empty, and "+notMounted+" there, which is not mounted now")
	})
	for _, m := range pulled {
		must(t, m.PlugDisk())
		command(t, m, "mount", "-a")
	}
	advice = plan(1)
	wants(t, advice, "3 of 3 voters (m1, m2, m3) still have their data")
	for _, m := range pulled {
		command(t, m, "mv", "/var/lib/etcdrecovery/parked/etcd.yaml", manifest)
	}
	m1.KubeletStart()
	must(t, l.WaitHealthy(soon(t)))
	for _, m := range l.Nodes() {
		if missing, err := l.Missing(t.Context(), m.Name(), acked); err != nil || len(missing) > 0 {
			t.Errorf("of %d acknowledged writes %s lacks %v (%v)", len(acked), m.Name(), missing, err)
		}
	}
	return keysNow(t, l, before+int64(len(acked)))
}

// writtenTo returns keys whose write these masters have acknowledged.
func writtenTo(t *testing.T, l *lab.Lab, names ...string) []string {
	t.Helper()
	writer, err := l.StartWriter(t.Context(), names...)
	must(t, err)
	until(t, "acknowledged writes", time.Minute, func() bool { return writer.Acked() >= 20 })
	return writer.Stop().Acked
}

// undetermined wants nobody to call a majority lost, or one of its members, and the disks to be a problem of the nodes.
func undetermined(t *testing.T, all recovery.Survey) {
	t.Helper()
	if v := planner.Judge(all, ""); v.State != planner.Undetermined {
		t.Errorf("verdict %q", v.Text)
	}
	for _, e := range all {
		if _, lost, why := planner.Standing(e, "", ""); lost {
			t.Errorf("%s is said to be lost: %s", e.Name, why)
		}
		if e.Name != "m1" {
			wants(t, strings.Join(e.Problems, "\n"), notMounted+" there, which is not mounted now", "Mount ")
		}
	}
}
