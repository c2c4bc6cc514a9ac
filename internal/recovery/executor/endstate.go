package executor

import (
	"context"
	"fmt"
	"slices"

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
// alarm, and one hash at one revision. An error that is no refusal may pass.
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
	var compact int64
	for _, name := range append(j.others(), j.plan.Node) {
		m := j.masters[name]
		if m.ev.Reach != recovery.Reached && m != j.self {
			continue // it is down; Read reports it as soon as its own resource is looked at
		}
		i := slices.IndexFunc(members, m.ev.IsMember)
		if i < 0 {
			if m == j.self {
				return nil, fmt.Errorf("%s is not in the member list: %s", name, describe(members))
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
		case own.Leader == 0 || own.Leader != status.Leader:
			return nil, fmt.Errorf(
				"%s follows leader %s, and %s follows %s",
				name,
				own.Leader,
				j.witness.Name,
				status.Leader,
			)
		}
		hash, err := c.Hash(ctx, end.Revision)
		if err != nil {
			return nil, err
		}
		if len(end.Hashes) > 0 && hash.CompactRevision != compact {
			return nil, fmt.Errorf("%s was compacted at another revision meanwhile", name)
		}
		compact, end.Hashes[name], end.IDs[name] = hash.CompactRevision, hash.Value, own.MemberID
	}
	for name, hash := range end.Hashes {
		if hash != end.Hashes[j.plan.Node] {
			return nil, &recovery.Refusal{
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
	return end, nil
}
