package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// End is the state of a cluster in which a join has succeeded.
type End struct {
	ClusterID etcd.ID
	Members   []etcd.Member
	Revision  int64
	Hashes    map[string]uint32  // by master, all at Revision
	IDs       map[string]etcd.ID // by master
}

// end looks at all masters of the cluster: one cluster ID, every member that answers a started voter, one leader, no
// alarm, and one hash at one revision. An error that is no refusal may pass. A member takes no writes while it reads
// all of its keys for the hash (hashByRev in etcd's mvcc/kvstore.go holds the read transaction), so that comes last,
// and one member after the other.
func (j *joining) end(ctx context.Context) (*End, error) {
	witness, err := j.witness.etcd(ctx)
	if err != nil {
		return nil, err
	}
	status, err := witness.Status(ctx)
	if err != nil {
		return nil, err
	}
	members, err := witness.Members(ctx)
	if err != nil {
		return nil, err
	}
	end := &End{
		ClusterID: status.ClusterID,
		Members:   members,
		Revision:  status.Revision,
		Hashes:    map[string]uint32{},
		IDs:       map[string]etcd.ID{},
	}
	if err := checkAlarms(ctx, witness); err != nil {
		return nil, err
	}
	for _, m := range members {
		if m.Learner || !m.Started() {
			return nil, fmt.Errorf("not every member is a started voter yet: %s", describe(members))
		}
	}
	clients, err := j.clients(ctx, end, status.Leader)
	if err != nil {
		return nil, err
	}
	var compact int64
	for name, c := range clients {
		hash, err := c.Hash(ctx, end.Revision)
		if err != nil {
			return nil, err
		}
		if len(end.Hashes) > 0 && hash.CompactRevision != compact {
			return nil, fmt.Errorf("%s was compacted at another revision meanwhile", name)
		}
		compact, end.Hashes[name] = hash.CompactRevision, hash.Value
	}
	return end, j.sameData(end)
}

// clients are those of all members that answer, which have the cluster and the leader of the witness, and have reached
// its revision.
func (j *joining) clients(ctx context.Context, end *End, leader etcd.ID) (map[string]*etcd.Client, error) {
	all := map[string]*etcd.Client{}
	for _, name := range append(j.others(), j.plan.Node) {
		m := j.masters[name]
		if m.ev.Reach != recovery.Reached && m != j.self {
			continue // it is down; Read reports it as soon as its own resource is looked at
		}
		if !slices.ContainsFunc(end.Members, m.ev.IsMember) {
			if m == j.self {
				return nil, fmt.Errorf("%s is not in the member list: %s", name, describe(end.Members))
			}
			continue
		}
		c, err := m.etcd(ctx)
		if err != nil {
			return nil, err
		}
		own, err := c.Status(ctx)
		if err != nil {
			if m == j.self || m == j.witness {
				return nil, err
			}
			continue
		}
		switch {
		case own.ClusterID != end.ClusterID:
			return nil, &recovery.Refusal{
				Code:  recovery.CodeTwoClusters,
				Title: "Two Clusters",
				Found: fmt.Sprintf(
					"%s serves cluster %s, and %s serves cluster %s.",
					j.witness.Name,
					end.ClusterID,
					name,
					own.ClusterID,
				),
			}
		case own.Leader == 0 || own.Leader != leader:
			return nil, fmt.Errorf(
				"%s follows leader %s, and %s follows %s",
				name,
				own.Leader,
				j.witness.Name,
				leader,
			)
		}
		if err := reaches(ctx, c, end.Revision); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all[name], end.IDs[name] = c, own.MemberID
	}
	return all, nil
}

// reaches waits until a member has applied a revision that was committed before.
func reaches(ctx context.Context, c *etcd.Client, revision int64) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	behind := errors.New("it is behind")
	passes := func(err error) bool { return errors.Is(err, behind) || etcd.Transient(err) }
	return etcd.Retry(ctx, passes, func(ctx context.Context) error {
		status, err := c.Status(ctx)
		if err == nil && status.Revision < revision {
			return fmt.Errorf("%w: it has applied revision %d, of %d", behind, status.Revision, revision)
		}
		return err
	})
}

// sameData refuses members with different data.
func (j *joining) sameData(end *End) error {
	for name, hash := range end.Hashes {
		if hash != end.Hashes[j.plan.Node] {
			return &recovery.Refusal{
				Code:  recovery.CodeDataDiffers,
				Title: "The Members' Data Differs",
				Found: fmt.Sprintf(
					"at revision %d the hash of %s is %d, and that of %s is %d.",
					end.Revision,
					name,
					hash,
					j.plan.Node,
					end.Hashes[j.plan.Node],
				),
				Next: fmt.Sprintf(
					"remove %s from the cluster again and find out why (etcdctl endpoint hashkv); its data must not "+
						"be trusted.",
					j.plan.Node,
				),
			}
		}
	}
	return nil
}
