package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// lossModel is what a forced start throws away.
type lossModel struct {
	Entries      int64        `tfsdk:"entries"`
	Furthest     types.String `tfsdk:"furthest"`
	FromRevision types.Int64  `tfsdk:"from_revision"`
	ToRevision   types.Int64  `tfsdk:"to_revision"`
}

func lossType() map[string]attr.Type {
	return map[string]attr.Type{
		"entries":       types.Int64Type,
		"furthest":      types.StringType,
		"from_revision": types.Int64Type,
		"to_revision":   types.Int64Type,
	}
}

func lossOf(l planner.Loss) lossModel {
	m := lossModel{Entries: int64(l.Entries), Furthest: orNull(l.Furthest)}
	if l.FromRevision > 0 {
		m.FromRevision, m.ToRevision = types.Int64Value(l.FromRevision), types.Int64Value(l.ToRevision)
	}
	return m
}

// candidateModel is a master from which a cluster could be grown.
type candidateModel struct {
	Name     string `tfsdk:"name"`
	Keeps    int64  `tfsdk:"keeps"`
	Revision int64  `tfsdk:"revision"`
	lossModel
}

func candidateType() types.ObjectType {
	all := lossType()
	all["name"], all["keeps"], all["revision"] = types.StringType, types.Int64Type, types.Int64Type
	return types.ObjectType{AttrTypes: all}
}

func candidatesOf(ctx context.Context, r planner.Ranking) (types.List, diag.Diagnostics) {
	list := []candidateModel{}
	for _, c := range r.Candidates {
		list = append(
			list,
			candidateModel{Name: c.Name, Keeps: int64(c.Kept), Revision: c.KeptRevision, lossModel: lossOf(c.Loss)},
		)
	}
	return types.ListValueFrom(ctx, candidateType(), list)
}

// warnAbandoned says what the recoveries have done that are given up.
func warnAbandoned(p *planner.SeedPlan, diags *diag.Diagnostics) {
	if len(p.Abandons) > 0 {
		diags.AddWarning(
			"Unfinished Recoveries Are Given Up",
			"They do not go on. What they have done stays as it is:\n  - "+strings.Join(p.Abandons, "\n  - "),
		)
	}
}

// warnLoss says the price of a plan.
func warnLoss(p *planner.SeedPlan, diags *diag.Diagnostics) {
	if p.Loss != nil && !p.Loss.Nothing() {
		text := p.Loss.Text(p.Node)
		diags.AddWarning("The Forced Start Loses Data", strings.ToUpper(text[:1])+text[1:]+".\n\n"+
			"Writes that etcd has acknowledged can be among these entries, and clients that have seen them see them "+
			"undone; their revision numbers are used again. "+
			"Restart whatever keeps what it has read: kube-apiserver, controllers, operators.\n\n"+
			"If another master that has the data can still be started, start it first. One that still runs is best "+
			"left running: it is stopped in an orderly way here, and writes down then what it knows to be "+
			"committed.")
	}
	if len(p.Hazards) > 0 {
		diags.AddWarning(
			"This etcd Has Known Faults",
			p.Node+" runs an image with faults that a recovery can meet:\n  - "+strings.Join(p.Hazards, "\n  - "),
		)
	}
}
