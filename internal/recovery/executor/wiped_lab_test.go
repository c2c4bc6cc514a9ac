//go:build linux

package executor_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sample"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

var wipedAll = flag.Bool("wiped-all", false, "TestWipedVoters: every case on every etcd, not one drawn by -seed")

// oldKeys are written before the wipe. The founding of a cluster takes about ten log entries, so the survivor's log
// goes much further than that of members that found the cluster anew.
const oldKeys = 150

// TestWipedVoters wipes two voters of three and lets them come back with the full member list. What etcd makes of that
// is not this provider's doing, but the census rests on it: where etcd changes, this fails.
func TestWipedVoters(t *testing.T) {
	tests := []struct {
		name     string
		existing bool // --initial-cluster-state
		stopped  bool // the survivor, which is started later
		check    func(*wipedCase)
	}{
		{name: "existing, survivor running", existing: true, check: (*wipedCase).rejoin},
		{name: "existing, survivor stopped", existing: true, stopped: true, check: (*wipedCase).waitForSurvivor},
		{name: "new, survivor running", check: (*wipedCase).refused},
		{name: "new, survivor stopped", stopped: true, check: (*wipedCase).foundAnew},
	}
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed %d", s)
	versions := []string{"3.7", "3.6", "3.5"}
	drawn := rand.New(rand.NewPCG(s, 0)).IntN(len(versions) * len(tests))
	for i, version := range versions {
		for j, test := range tests {
			if !*wipedAll && !sample.Whole && drawn != i*len(tests)+j {
				continue
			}
			t.Run("etcd "+version+", "+test.name, func(t *testing.T) {
				c := startWiped(t, version)
				c.wipe(test.existing, test.stopped)
				test.check(c)
			})
		}
	}
}

type wipedCase struct {
	*testing.T
	l      *lab.Lab
	nodes  map[string]*node.Node
	before recovery.Survey
}

// startWiped makes a cluster whose timers are long enough for a busy machine.
func startWiped(t *testing.T, version string) *wipedCase {
	l := start(t, lab.Options{
		Etcd:       version,
		ExtraFlags: map[string]string{"heartbeat-interval": "300", "election-timeout": "3000"},
	})
	c := &wipedCase{T: t, l: l, nodes: nodesOf(t, l)}
	c.write("old", oldKeys)
	c.before = surveyUntil(t.Context(), c.nodes, allHeard)
	return c
}

// write puts keys one by one: each is an entry of the log.
func (c *wipedCase) write(prefix string, n int, nodes ...string) {
	c.Helper()
	client := client(c.T, c.l, nodes...)
	for i := range n {
		patiently(c.T, func(ctx context.Context) error {
			_, err := client.Put(ctx, fmt.Sprintf("%s/%04d", prefix, i), "value")
			return err
		})
	}
}

// wipe takes m2 and m3 their data and starts them again. The survivor is left alone long enough to notice that it does
// not lead any more: a leader would go on believing what the members had confirmed before.
func (c *wipedCase) wipe(existing, stopped bool) {
	for _, m := range c.wiped() {
		m.PowerOff()
	}
	if stopped {
		quiet(c.l.Node("m1"))
	} else {
		leads := client(c.T, c.l, "m1")
		must(c.T, wait.Until(c.Context(), lookAgain, func() error {
			s, err := leads.Status(c.Context(), c.l.Node("m1").ClientURL())
			if err == nil && s.Leader != 0 {
				err = fmt.Errorf("m1 follows %x", s.Leader)
			}
			return err
		}))
	}
	for _, m := range c.wiped() {
		must(c.T, m.WipeEtcd())
		if existing {
			const flag = "    - --initial-cluster="
			tamper(c.T, m, manifestFile, replace(flag, "    - --initial-cluster-state=existing\n"+flag))
		}
	}
	for _, m := range c.wiped() {
		must(c.T, m.PowerOn())
	}
}

func (c *wipedCase) wiped() []lab.Node { return c.l.Nodes()[1:] }

// rejoin: the wiped members ask the survivor who they are, vote for it, and it leads. Nothing that it had is lost.
func (c *wipedCase) rejoin() {
	for patience := 15 * time.Second; ; patience *= 2 { // a slow machine needs more than a quick one
		ctx, cancel := context.WithTimeout(c.Context(), patience)
		err := c.l.WaitHealthy(ctx)
		cancel()
		if err == nil {
			break
		}
		must(c.T, c.Context().Err())
		// Two that begin at one time can wait for ever for each other's version: etcd sets no limit there. A kubelet's
		// liveness probe would end one.
		c.l.Node("m3").KillEtcd()
	}
	all := surveyUntil(c.Context(), c.nodes, func(all recovery.Survey) bool {
		return allHeard(all) && joinable("m1")(all)
	})
	c.sameIDs(all)
	c.equal("m1", "m2", "m3")
}

// waitForSurvivor: there is nobody to ask, and the wiped members end. They have a folder and no log.
func (c *wipedCase) waitForSurvivor() {
	c.untilSaid("could not retrieve cluster information from the given URLs")
	c.l.Node("m1").KubeletStart()
	c.rejoin()
}

// refused: the survivor tells the wiped members that they exist already, and they end. On a busy machine it may not
// tell them within the second that etcd waits. Either way the survivor keeps what it has.
func (c *wipedCase) refused() {
	c.untilHeard("has already been bootstrapped")
	surveyUntil(c.Context(), c.nodes, func(all recovery.Survey) bool {
		for _, m := range c.wiped() {
			if e := all.Node(m.Name()); e.Status == nil && !said(e, "has already been bootstrapped") {
				return false
			}
		}
		return true
	})
	c.keeps("m1")
}

// foundAnew: the wiped members are a quorum of a cluster with the survivor's IDs and without its data.
func (c *wipedCase) foundAnew() {
	founded := func(all recovery.Survey) bool {
		return all.Node("m2").Quorum && all.Node("m3").Quorum && all.Node("m1").Disk != nil
	}
	untilServes(c.T, c.l, "m2")
	untilServes(c.T, c.l, "m3")
	c.write("anew", 5, "m2", "m3") // which it acknowledges
	all := surveyUntil(c.Context(), c.nodes, founded)
	c.sameIDs(all)
	live, disk := recovery.LiveOf(all), all.Node("m1").Disk
	if live.ClusterID != disk.ClusterID {
		c.Errorf("the cluster that was founded anew is %s, and that of the survivor %s", live.ClusterID, disk.ClusterID)
	}
	// The proof. A leader that has answered a linearizable read knows of everything that was ever committed, as long as
	// voters keep their logs.
	if live.Commit >= disk.Committed() {
		c.Errorf("a quorum has committed %d entries, and the survivor %d", live.Commit, disk.Committed())
	}
	if live.Revision >= disk.Revision {
		c.Errorf("a quorum is at revision %d, and the survivor at %d", live.Revision, disk.Revision)
	}

	c.l.Node("m1").KubeletStart()
	time.Sleep(15 * time.Second) // to meet the others; what comes of it depends on terms, and on the version
	for _, m := range c.l.Nodes() {
		quiet(m)
	}
	after := survey.Take(c.Context(), c.nodes, time.Now()).Node("m1")
	if after.Disk == nil || after.Disk.Committed() < disk.Committed() || after.Disk.Revision < disk.Revision {
		c.Errorf("the survivor has forgotten what it had: %+v, before %+v", after.Disk, disk)
	}
}

// untilSaid waits until both wiped members have said why they do not start.
func (c *wipedCase) untilSaid(words string) {
	c.Helper()
	c.untilHeard(words)
	surveyUntil(c.Context(), c.nodes, func(all recovery.Survey) bool {
		for _, m := range c.wiped() {
			e := all.Node(m.Name())
			if e.Status != nil || e.Disk != nil || e.Readable {
				c.Fatalf("%s has started: %+v", m.Name(), e)
			}
			if !said(e, words) || !e.NoLog {
				return false
			}
		}
		return true
	})
}

// untilHeard waits until each wiped member serves or has said so, for less than a survey costs.
func (c *wipedCase) untilHeard(words string) {
	c.Helper()
	for _, m := range c.wiped() {
		own := client(c.T, c.l, m.Name())
		must(c.T, wait.Until(c.Context(), lookAgain, func() error {
			if strings.Contains(m.ContainerLog(), words) {
				return nil
			}
			try, cancel := context.WithTimeout(c.Context(), time.Second)
			defer cancel()
			_, err := own.Status(try, m.ClientURL())
			return err
		}))
	}
}

func said(e recovery.Evidence, words string) bool {
	return strings.Contains(strings.Join(e.LastWords, "\n"), words)
}

// sameIDs has nothing in the IDs that would tell a wiped member from the one before.
func (c *wipedCase) sameIDs(all recovery.Survey) {
	c.Helper()
	for _, e := range all {
		was := c.before.Node(e.Name).Status
		if e.Status != nil && (e.Status.MemberID != was.MemberID || e.Status.ClusterID != was.ClusterID) {
			c.Errorf(
				"%s is %s of %s now, and was %s of %s",
				e.Name,
				e.Status.MemberID,
				e.Status.ClusterID,
				was.MemberID,
				was.ClusterID,
			)
		}
	}
}

// keeps counts the keys from before the wipe that a member has.
func (c *wipedCase) keeps(name string) {
	c.Helper()
	r, err := client(c.T, c.l, name).Get(
		c.Context(), "old/", clientv3.WithPrefix(), clientv3.WithCountOnly(), clientv3.WithSerializable())
	must(c.T, err)
	if r.Count != oldKeys {
		c.Errorf("%s has %d keys of %d", name, r.Count, oldKeys)
	}
}

// equal has the same keys on each member.
func (c *wipedCase) equal(names ...string) {
	c.Helper()
	hashes := map[uint32]bool{}
	for _, name := range names {
		c.keeps(name)
		client := client(c.T, c.l, name)
		patiently(c.T, func(ctx context.Context) error {
			h, err := client.HashKV(ctx, c.l.Node(name).ClientURL(), oldKeys)
			if err == nil {
				hashes[h.Hash] = true
			}
			return err
		})
	}
	if len(hashes) != 1 {
		c.Errorf("the hashes at revision %d differ: %v", oldKeys, hashes)
	}
}
