package executor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// TestCommitBehind refuses data that an old etcd, or one of unknown version, would keep in the database and forget in
// the log.
func TestCommitBehind(t *testing.T) {
	const old, tag, digest = "etcd:3.5.21-0", "etcd:3.5.22-0", "etcd@sha256:01"
	for _, c := range []struct {
		image, status, cluster string
		commit, applied        uint64
		refused                bool
	}{
		{image: old, commit: 94, applied: 95, refused: true},
		{image: old, commit: 95, applied: 95},
		{image: old, commit: 96, applied: 95},
		{image: "etcd:3.4.30", commit: 94, applied: 95, refused: true},
		{image: "etcd:3.6.0-0", commit: 94, applied: 95, refused: true},
		{image: "etcd:3.6.1-0", commit: 94, applied: 95},
		{image: tag, commit: 94, applied: 95},
		{image: tag, status: "3.5.9", commit: 94, applied: 95, refused: true},
		{image: old, status: "3.5.30", commit: 94, applied: 95, refused: true}, // the manifest was edited since
		{image: digest, status: "3.5.30", commit: 94, applied: 95},
		{image: digest, cluster: "3.5.0", commit: 94, applied: 95, refused: true},
		{image: digest, cluster: "3.7.0", commit: 94, applied: 95},
		{image: digest, commit: 94, applied: 95, refused: true},
	} {
		e := recovery.Evidence{Name: "m1", Image: c.image, ManifestPath: "/m/etcd.yaml"}
		if c.status != "" {
			e.Status = &etcd.Status{Version: c.status}
		}
		disk := &recovery.OnDisk{ClusterVersion: c.cluster, Commit: c.commit, ConsistentIndex: c.applied}
		err := planner.CommitBehind(e, disk)
		if (recovery.CodeOf(err) == recovery.CodeCommitBehind) != c.refused || (err != nil) != c.refused {
			t.Errorf("%+v: %v", c, err)
		}
		if err == nil {
			continue
		}
		for _, want := range []string{"up to 94 are committed", "up to 95", c.image, "/m/etcd.yaml on m1", "#14009"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("it does not say %q: %v", want, err)
			}
		}
	}
}

// TestStoppedSeedIsRead reads the disk of a seed that was stopped, whatever was parked before, and brings everything
// back where a forced start would forget a part.
func TestStoppedSeedIsRead(t *testing.T) {
	behind := &recovery.OnDisk{Commit: 94, ConsistentIndex: 95}
	for _, c := range []struct {
		name, image, parked string
		disk                *recovery.OnDisk // nil where it cannot be read
		why                 error            // then
		read                bool
		says                string // "" where the step succeeds
		known               bool   // its status, or its disk, before it was stopped
		code                recovery.Code
	}{
		{
			name: "behind", image: "etcd:3.5.21-0", disk: behind, read: true, known: true,
			says: "up to 94 are committed", code: recovery.CodeCommitBehind,
		},
		{
			name: "parked before", image: "etcd:3.5.21-0", parked: "/w/parked/etcd.yaml", disk: behind, read: true,
			says: "up to 94 are committed", known: true, code: recovery.CodeCommitBehind,
		},
		{
			name: "not to be read", image: "etcd:3.5.21-0", read: true, says: "input/output error",
			code: recovery.CodeStepFailed,
		},
		{name: "not to be read, and nothing to forget", image: "etcd:3.5.22-0", read: true},
		{
			name: "sound, and of nobody else", image: "etcd:3.5.22-0", read: true,
			disk: &recovery.OnDisk{ClusterID: 7, MemberID: 1, Members: []etcd.Member{
				{ID: 1, Name: "m 1"}, {ID: 2, Name: `m"3`, PeerURLs: []string{"https://10.0.0.13:2380"}},
				{ID: 3, Name: "m,2", PeerURLs: []string{"https://10.0.0.12:2380"}},
			}},
		},
		{
			name: "damaged", image: "etcd:3.5.22-0", read: true, why: fmt.Errorf("%w: crc", datadir.ErrDamaged),
			says: "crc", code: recovery.CodeSeedDamaged,
		},
		{
			name: "written by a later etcd", image: "etcd:3.5.22-0", read: true,
			disk: &recovery.OnDisk{ClusterID: 7, MemberID: 1, StorageVersion: "3.6.0", Members: []etcd.Member{
				{ID: 1, Name: "m 1"}, {ID: 2, Name: `m"3`, PeerURLs: []string{"https://10.0.0.13:2380"}},
				{ID: 3, Name: "m,2", PeerURLs: []string{"https://10.0.0.12:2380"}},
			}},
			says: "later etcd", code: recovery.CodeImageTooOld,
		},
		{
			name: "with a member that nobody knew", image: "etcd:3.5.22-0", read: true,
			disk: &recovery.OnDisk{ClusterID: 7, MemberID: 1, Commit: 9, Members: []etcd.Member{
				{ID: 1, Name: "m 1"}, {ID: 9, Name: "m9", PeerURLs: []string{"https://10.0.0.19:2380"}},
			}},
			says: "m9 (https://10.0.0.19:2380)", code: recovery.CodeMemberNotSurveyed,
		},
		{
			name: "all is written", image: "etcd:3.5.21-0", read: true, known: true,
			disk: &recovery.OnDisk{Commit: 95, ConsistentIndex: 95},
		},
		{name: "an etcd that forgets nothing", image: "etcd:3.5.22-0", disk: behind, known: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, runners := oddSeed()
			s.began, s.seed.ev.Image, s.seed.ev.Parked = true, c.image, c.parked
			urls := map[string]string{`m"3`: "https://10.0.0.13:2380", "m,2": "https://10.0.0.12:2380"}
			for _, m := range s.masters {
				m.ev.PeerURLs = []string{urls[m.Name]}
				m.ev.Peers = []recovery.Peer{{URL: urls["m,2"], Answers: true}} // while it still ran
				m.ev.Reach, m.ev.DataDir, m.ev.Empty = recovery.Reached, "/d", m != s.seed
			}
			if s.seed.ev.Readable = true; c.known {
				s.seed.ev.Disk = &recovery.OnDisk{}
			}
			s.book.reach(recovery.PhaseBegun)
			s.willMove()
			read := false
			s.readStopped = func(context.Context, *node.Node, recovery.Evidence) (*recovery.OnDisk, error) {
				read = true
				if c.disk == nil {
					return nil, cmp.Or(c.why, errors.New("input/output error"))
				}
				return c.disk, nil
			}
			w := walk{actions: s.actions(), record: s.record, secure: s.takeFlagOut, leave: s.leave}
			err := w.carryOut(t.Context(), t.Context(), []recovery.Step{
				{ID: recovery.StepStopSeed, Operation: recovery.OperationSeed, Nodes: []string{"m 1"}, Title: "stop"},
			})
			if read != c.read || (err != nil) != (c.says != "") {
				t.Fatalf("read: %v; got %v", read, err)
			}
			if err == nil {
				if !s.book.Reached(recovery.PhaseStopped) {
					t.Errorf("it is at %s", s.book.Phase)
				}
				return
			}
			next := map[recovery.Code]string{
				recovery.CodeStepFailed:  "run terraform apply again",
				recovery.CodeSeedDamaged: "choose another master",
			}[c.code]
			if next == "" {
				next = "plan again"
			}
			for _, want := range []string{c.says, "Step 1 of 1 on m 1", "Changed: nothing any more", next} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it does not say %q: %v", want, err)
				}
			}
			if recovery.CodeOf(err) != c.code || s.book.Phase != recovery.PhaseUndone ||
				!runners[`m"3`].did("'/etc/kubernetes/manifests/etcd.yaml'") {
				t.Errorf("undone at %s: %v", s.book.Ended, err)
			}
		})
	}
}
