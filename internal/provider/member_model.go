package provider

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

type memberModel struct {
	Node     types.Object   `tfsdk:"node"`
	Join     types.Object   `tfsdk:"join"`
	AnyOrder types.Bool     `tfsdk:"any_order"`
	Timeouts timeouts.Value `tfsdk:"timeouts"`

	Name types.String `tfsdk:"name"`
	common
}

// known reports whether the configuration says enough to plan a join: all but the cluster's ID, which a stopped seed
// tells in the apply.
func (m memberModel) known(ctx context.Context) bool {
	if !wholly(ctx, m.Node) || m.Join.IsNull() || m.Join.IsUnknown() || m.AnyOrder.IsUnknown() {
		return false
	}
	attrs := m.Join.Attributes()
	return wholly(ctx, attrs["members"]) && wholly(ctx, attrs["masters"])
}

// memberJoin is the plan for a configuration, with the nodes that it is about.
type memberJoin struct {
	*planner.MemberPlan
	recovery  types.String          // that made the cluster
	inCluster map[string]connection // nodes of the cluster, this one included
	surveyed  map[string]connection
}

// all are all nodes that are known of. How one is reached the survey says; join can be older.
func (j memberJoin) all() map[string]connection {
	all := maps.Clone(j.inCluster)
	maps.Copy(all, j.surveyed)
	return all
}

// decide returns the plan for a configuration.
func (m memberModel) decide(ctx context.Context) (memberJoin, diag.Diagnostics, error) {
	node, diags := readNode(ctx, m.Node)
	join, inCluster, more := readCluster(ctx, m.Join)
	if diags.Append(more...); diags.HasError() {
		return memberJoin{}, diags, nil
	}
	j := memberJoin{surveyed: node.Masters, inCluster: map[string]connection{}}
	j.recovery, _ = m.Join.Attributes()["recovery_id"].(types.String)
	for name, c := range inCluster {
		if now, ok := node.Masters[name]; ok {
			c = now
		}
		j.inCluster[name] = c
	}
	name := node.Evidence.Name
	j.inCluster[name] = node.Masters[name]
	var err error
	j.MemberPlan, err = planner.DecideMember(node.Evidence, join, m.AnyOrder.ValueBool())
	return j, diags, err
}

// checkNode refuses another node than the one that has joined. To replace the resource would be of no use to anybody
// whose node is still a voter: Terraform would only forget it, and it would go on to count for the quorum, looked after
// by nobody. One that has another name in the survey now is told by its member ID.
func (m memberModel) checkNode(e recovery.Evidence) error {
	was := m.Name.ValueString()
	if was == "" || e.Name == was || sameMember(e, m.MemberID) {
		return nil
	}
	id := m.MemberID.ValueString()
	if id == "" {
		id = "ID"
	}
	return &recovery.Refusal{
		Code:      recovery.CodeMemberFixed,
		Title:     "The Node of a Member Is Fixed",
		Attribute: "node",
		Found: fmt.Sprintf(
			"this resource was made for %s, and node is %s now, whose etcd is not the same member of the cluster.",
			was,
			e.Name,
		),
		Untouched: recovery.NothingTouched,
		Next: fmt.Sprintf(
			"if %[2]s is to join besides %[1]s, set node back to %[1]s and add an etcdrecovery_member for %[2]s. If "+
				"it is to take the place of %[1]s, give this resource another name: Terraform then forgets %[1]s and "+
				"lets %[2]s join. %[1]s stays a member of the cluster until it is removed (etcdctl member remove "+
				"%[3]s). If %[2]s is %[1]s under a new name, set node back until its etcd answers, then change the "+
				"name.",
			was,
			e.Name,
			id,
		),
	}
}

// sameMember reports whether a node has the member with this ID, by what its etcd or its data says.
func sameMember(e recovery.Evidence, id types.String) bool {
	p, known := e.Progress()
	return known && p.Member != 0 && p.Member.String() == id.ValueString()
}

// anotherRecovery reports whether the cluster to join was made by another recovery than the one that this member is a
// member of.
func (m memberModel) anotherRecovery(ctx context.Context, state memberModel, e recovery.Evidence) bool {
	if m.Join.IsNull() || m.Join.IsUnknown() {
		return false
	}
	attrs := m.Join.Attributes()
	now, _ := attrs["recovery_id"].(types.String)
	if now.IsNull() || now.IsUnknown() || now.Equal(state.recoveryID()) || !wholly(ctx, attrs["members"]) {
		return false
	}
	var join clusterModel
	if m.Join.As(ctx, &join, basetypes.ObjectAsOptions{}).HasError() {
		return false
	}
	for _, other := range members(join.Members) { // it may be the seed itself
		if e.Self().Is(manifest.Member{Name: other.Name, PeerURLs: other.PeerURLs}) {
			return false
		}
	}
	return true
}

// recoveryID is that of the recovery that made the cluster, null where it is not known.
func (c *common) recoveryID() types.String {
	id, _ := c.Cluster.Attributes()["recovery_id"].(types.String)
	return id
}

// toRejoin reports whether a node that is in the state has to be let in again. Its own Read has proved that it is lost,
// or the survey has, which sees more than the Read of a member that was just imported; or the cluster to join is made
// anew, by a recovery that this member has not seen, and no cluster answers that it is in. e is nil while the survey is
// not known. Of a node that has moved the Read has asked at the old place, and says nothing.
func (m memberModel) toRejoin(ctx context.Context, state memberModel, e *recovery.Evidence, moved bool) bool {
	lostBefore := state.Status.ValueString() == statusLost && !moved
	if e == nil || lostBefore || e.Reach != recovery.Reached {
		return lostBefore
	}
	cluster, anew := state.ClusterID.ValueString(), m.anotherRecovery(ctx, state, *e)
	if anew {
		id, _ := m.Join.Attributes()["id"].(types.String)
		cluster = id.ValueString()
	}
	voter, lost, _ := planner.Standing(*e, cluster, state.MemberID.ValueString())
	switch {
	case lost, planner.HalfJoined(*e, cluster):
		return true
	case voter:
		return (state.Status.ValueString() == statusUnfinished || moved) && m.known(ctx) &&
			planner.ToFinish(*e, cluster)
	}
	return anew && e.Live == nil && !e.Quorum
}

func (m *memberModel) unknown() {
	m.Name = types.StringUnknown()
	m.common.unknown()
}

// fill puts in what is known once it is decided.
func (m *memberModel) fill(ctx context.Context, j memberJoin) diag.Diagnostics {
	steps, diags := stringList(ctx, recovery.Titles(j.Steps()))
	m.Name, m.Steps, m.ManifestPath = types.StringValue(j.Node), steps, types.StringValue(j.ManifestPath)
	if j.Manifest != "" {
		m.Manifest = types.StringValue(j.Manifest)
	}
	m.OldData = orNull(j.OldData)
	diags.Append(m.common.fill(ctx, j.Joined(), j.recovery, j.Node, j.inCluster, j.surveyed)...)
	if j.AnyOrder && !j.Healthy {
		m.Cluster = types.ObjectUnknown(clusterType().AttrTypes)
	}
	return diags
}
