package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

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
	return r, diags
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
	diags.Append(m.common.fill(ctx, cluster, p.Node, only(conns, p.Node), conns)...)
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
	m.MemberID, m.OldData = types.StringUnknown(), orNull(p.OldData)
}

// toRejoin tells whether the seed is to join, as a member, the cluster that has grown from it, or is to finish that.
func (m seedModel) toRejoin(e recovery.Evidence) bool {
	return m.Status.ValueString() == statusLost ||
		m.Status.ValueString() == statusUnfinished && planner.ToFinish(e, m.ClusterID.ValueString())
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
