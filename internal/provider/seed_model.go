package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

type seedModel struct {
	Survey     types.Object   `tfsdk:"survey"`
	Node       types.String   `tfsdk:"node"`
	LostNodes  types.Set      `tfsdk:"lost_nodes"`
	LessThan   types.Set      `tfsdk:"accept_less_than"`
	Abandon    types.Set      `tfsdk:"abandon"`
	RecoveryID types.String   `tfsdk:"recovery_id"`
	Timeouts   timeouts.Value `tfsdk:"timeouts"`

	Reason         types.String `tfsdk:"reason"`
	Report         types.String `tfsdk:"report"`
	ForcedManifest types.String `tfsdk:"forced_manifest"`
	Loss           types.Object `tfsdk:"loss"`
	Hazards        types.List   `tfsdk:"hazards"`
	Discarded      types.Int64  `tfsdk:"discarded_entries"`
	common
}

// request is what the configuration asks for.
func (m seedModel) request(ctx context.Context) (planner.SeedRequest, diag.Diagnostics) {
	r := planner.SeedRequest{Node: m.Node.ValueString(), RecoveryID: m.RecoveryID.ValueString()}
	var diags diag.Diagnostics
	if !m.LostNodes.IsNull() {
		diags = m.LostNodes.ElementsAs(ctx, &r.Lost, false)
	}
	if !m.LessThan.IsNull() {
		diags.Append(m.LessThan.ElementsAs(ctx, &r.Less, false)...)
	}
	if !m.Abandon.IsNull() {
		diags.Append(m.Abandon.ElementsAs(ctx, &r.Abandon, false)...)
	}
	return r, diags
}

// seedAttributes are those that can be the cause of a refusal.
func seedAttributes() []string {
	return []string{"survey", "node", "lost_nodes", "accept_less_than", "abandon", "recovery_id"}
}

// known reports whether the configuration says enough to plan a recovery, each element of its sets included.
func (m seedModel) known(ctx context.Context) bool {
	return wholly(ctx, m.Survey) && settled(ctx, m.Node) && settled(ctx, m.RecoveryID) && settled(ctx, m.LostNodes) &&
		settled(ctx, m.LessThan) && settled(ctx, m.Abandon)
}

// unknown makes everything unknown that a recovery decides.
func (m *seedModel) unknown() {
	if m.Node.IsNull() {
		m.Node = types.StringUnknown()
	}
	m.Reason, m.Report, m.ForcedManifest = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.Discarded, m.Loss, m.Hazards = types.Int64Unknown(), types.ObjectUnknown(lossType()), types.ListUnknown(
		types.StringType,
	)
	m.common.unknown()
}

// fill puts in what is known once it is decided.
func (m *seedModel) fill(ctx context.Context, p *planner.SeedPlan, conns map[string]connection) diag.Diagnostics {
	steps, diags := stringList(ctx, recovery.Titles(p.Steps()))
	m.Node, m.Steps = types.StringValue(p.Node), steps
	m.Reason, m.Report = types.StringValue(p.Reason+"; the cluster is "+p.Verdict.Text), types.StringValue(
		planner.Report(p.Evidence, p.Lost),
	)
	m.ManifestPath, m.ForcedManifest, m.Manifest = types.StringValue(p.ManifestPath), types.StringValue(
		p.Forced,
	), types.StringValue(p.Final)
	m.OldData = types.StringValue(p.OldData)
	hazards, more := stringList(ctx, p.Hazards)
	diags.Append(more...)
	m.Hazards, m.Loss = hazards, types.ObjectNull(lossType())
	if p.Loss != nil {
		loss, more := types.ObjectValueFrom(ctx, lossType(), lossOf(*p.Loss))
		diags.Append(more...)
		m.Loss = loss
	}
	cluster := p.Cluster()
	diags.Append(m.common.fill(ctx, cluster, m.RecoveryID, p.Node, only(conns, p.Node), conns)...)
	return diags
}

// finish puts in what only the recovery itself could tell.
func (m *seedModel) finish(ctx context.Context, r *executor.SeedResult, conns map[string]connection) error {
	m.Discarded = types.Int64PointerValue(r.Discarded)
	m.ClusterID, m.MemberID = types.StringValue(r.ClusterID.String()), types.StringValue(r.MemberID.String())
	cluster, diags := clusterValue(
		ctx,
		recovery.Cluster{ID: r.ClusterID.String(), Members: r.Members},
		only(conns, m.Node.ValueString()),
		m.RecoveryID,
	)
	if diags.HasError() {
		return fmt.Errorf("keeping the result: %v", diags)
	}
	m.Cluster, m.OldData = cluster, types.StringValue(r.OldData)
	return nil
}

// rejoin is the plan for a seed that was lost while the cluster lives.
func (m *seedModel) rejoin(ctx context.Context, p *planner.MemberPlan, diags *diag.Diagnostics) {
	steps, more := stringList(ctx, recovery.Titles(p.Steps()))
	diags.Append(more...)
	m.Steps, m.Manifest, m.Status = steps, types.StringValue(p.Manifest), types.StringValue(statusHealthy)
	m.MemberID = types.StringUnknown()
	if old := orNull(p.OldData); !p.Healthy || !old.IsNull() {
		m.OldData = old
	}
}

// toRejoin reports whether the seed is to join, as a member, the cluster that has grown from it, or is to finish that.
// Of a seed that has moved the Read has asked at the old place, and says nothing.
func (m seedModel) toRejoin(e recovery.Evidence, moved bool) bool {
	if !moved && m.Status.ValueString() == statusLost {
		return true
	}
	if e.Reach != recovery.Reached {
		return false
	}
	cluster := m.ClusterID.ValueString()
	_, lost, _ := planner.Standing(e, cluster, m.MemberID.ValueString())
	return lost || planner.HalfJoined(e, cluster) ||
		(moved || m.Status.ValueString() == statusUnfinished) && planner.ToFinish(e, cluster)
}

// asks reports whether the configuration asks for what it asked for before.
func (m seedModel) asks(before seedModel) bool {
	return m.RecoveryID.Equal(before.RecoveryID) && m.LostNodes.Equal(before.LostNodes) &&
		m.LessThan.Equal(before.LessThan) && m.Abandon.Equal(before.Abandon) && m.Timeouts.Equal(before.Timeouts)
}

// checkNode refuses another node than the one that the cluster was grown on. One that has another name in the survey
// now is told by its member ID; e is the evidence on it, empty while it is not known.
func (m seedModel) checkNode(config types.String, e recovery.Evidence) error {
	if config.IsNull() || config.IsUnknown() || m.Node.IsNull() || config.Equal(m.Node) ||
		e.Name == config.ValueString() && sameMember(e, m.MemberID) {
		return nil
	}
	return &recovery.Refusal{
		Code:      recovery.CodeSeedFixed,
		Title:     "The Seed of a Recovery Is Fixed",
		Attribute: "node",
		Found: fmt.Sprintf(
			"recovery %s was made from %s, and node says %s now.",
			m.RecoveryID.ValueString(),
			m.Node.ValueString(),
			config.ValueString(),
		),
		Untouched: recovery.NothingTouched,
		Next: fmt.Sprintf(
			"set node back to %s; for another recovery change recovery_id. To let %s join, add an etcdrecovery_member "+
				"for it.",
			m.Node.ValueString(),
			config.ValueString(),
		),
	}
}

// own returns the evidence on the node that the seed was grown on: by its name in the configuration or in the state, or
// where the survey does not have that, by its member ID.
func (m seedModel) own(all recovery.Survey, config types.String) (recovery.Evidence, bool) {
	for _, name := range []types.String{config, m.Node} {
		if e, ok := all.Find(name.ValueString()); ok {
			return e, true
		}
	}
	for _, e := range all {
		if sameMember(e, m.MemberID) {
			return e, true
		}
	}
	return recovery.Evidence{}, false
}

func only(conns map[string]connection, names ...string) map[string]connection {
	some := map[string]connection{}
	for _, name := range names {
		if c, ok := conns[name]; ok {
			some[name] = c
		}
	}
	return some
}
