package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
)

var (
	_ resource.ResourceWithConfigure   = &member{}
	_ resource.ResourceWithModifyPlan  = &member{}
	_ resource.ResourceWithImportState = &member{}
)

// member is one master that joins a living cluster.
type member struct{ masters *masters }

func newMember() resource.Resource { return &member{} }

func (r *member) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_member"
}

func (r *member) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.masters, _ = req.ProviderData.(*masters)
}

func (r *member) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		warnDestroy(&resp.Diagnostics)
		return
	}
	var config, plan, state memberModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	creating := req.State.Raw.IsNull()
	if !creating {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	var e *recovery.Evidence // nil while it is not known
	next, moved := state, false
	if wholly(ctx, config.Node) {
		node, diags := readNode(ctx, config.Node)
		resp.Diagnostics.Append(diags...)
		if resp.Diagnostics.HasError() {
			return
		}
		e = &node.Evidence
		if err := state.checkNode(*e); err != nil {
			r.masters.addError(&resp.Diagnostics, err, "node")
			return
		}
		if !creating {
			moved, diags = next.follow(ctx, node.Masters, state.Name.ValueString(), e.Name)
			resp.Diagnostics.Append(diags...)
			next.Name = types.StringValue(e.Name)
		}
	}
	if !creating && !config.toRejoin(ctx, state, e, moved) {
		if moved && e.Reach == recovery.Reached { // the Read has asked at the old place
			next.observe(*e, &resp.Diagnostics)
		}
		if same := plan.AnyOrder.Equal(state.AnyOrder) && plan.Timeouts.Equal(state.Timeouts); e == nil && !same {
			next.unknown() // the apply may find more to learn than is known now
		}
		next.AnyOrder, next.Timeouts = plan.AnyOrder, plan.Timeouts
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &next)...)
		return
	}
	if config.Join.IsNull() {
		r.masters.addError(&resp.Diagnostics, noCluster(), "join")
		return
	}
	plan.unknown()
	if config.known(ctx) {
		j, diags, err := config.decide(ctx)
		resp.Diagnostics.Append(diags...)
		if err != nil {
			r.masters.addError(&resp.Diagnostics, err, "node", "join")
		}
		if resp.Diagnostics.HasError() {
			return
		}
		resp.Diagnostics.Append(plan.fill(ctx, j)...)
		if j.Healthy && plan.OldData.IsNull() {
			plan.OldData = state.OldData
		}
		warnManagers(&resp.Diagnostics, j.Managers)
		warnResuming(&resp.Diagnostics, j.Node, j.Resumes)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// noCluster refuses to join null.
func noCluster() error {
	return &recovery.Refusal{
		Code:      recovery.CodeNoClusterToJoin,
		Title:     "There Is No Cluster to Join",
		Attribute: "join",
		Found:     "join is null, as the survey's cluster is while no cluster answers with a quorum.",
		Untouched: "nothing on any master.",
		Next: "read the survey's report (output \"report\" { value = data.etcdrecovery_survey.….report }). Masters " +
			"that are only down: start them. A majority that is lost for good: " +
			"recover with etcdrecovery_seed, and join its cluster.",
	}
}

func (r *member) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var config, plan memberModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := plan.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if err := r.join(ctx, config, &plan, timeout); err != nil {
		// No state on purpose: what was done is in the master's journal, and the next plan is a plain create that goes
		// on from there.
		r.masters.addError(&resp.Diagnostics, err, "node", "join")
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *member) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var config, plan memberModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := plan.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if plan.MemberID.IsUnknown() { // as it was planned; where the state only learns something it stays as it is
		if err := r.join(ctx, config, &plan, timeout); err != nil {
			r.masters.addError(&resp.Diagnostics, err, "node", "join")
			return // the state stays "lost", and so the next plan is the same again
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// join carries out the plan and fills in what it came to.
func (r *member) join(ctx context.Context, config memberModel, plan *memberModel, timeout time.Duration) error {
	if err := r.masters.check(); err != nil {
		return err
	}
	if config.Join.IsNull() {
		return noCluster()
	}
	if !config.known(ctx) {
		return notPlanned("node")
	}
	j, diags, err := config.decide(ctx)
	if err != nil {
		return err
	}
	if diags.HasError() {
		return fmt.Errorf("reading the configuration: %v", diags)
	}
	if plan.Steps.IsUnknown() {
		return notPlanned("node")
	}
	return r.masters.turns.in(ctx, j.Cluster.ID, timeout, func(ctx context.Context) error {
		result, err := executor.Member(ctx, j.MemberPlan, r.masters.nodes(j.all()), r.masters.options(ctx))
		if err != nil {
			return err
		}
		return plan.finish(ctx, j, result)
	})
}

// finish puts in what the join came to.
func (m *memberModel) finish(ctx context.Context, j memberJoin, result *executor.MemberResult) error {
	planned := *m
	if diags := m.fill(ctx, j); diags.HasError() {
		return fmt.Errorf("keeping the result: %v", diags)
	}
	m.joined(planned.common, result)
	members := result.Members
	if !j.AnyOrder || j.Healthy { // the plan has shown them
		members = j.Joined().Members
	}
	cluster, diags := clusterValue(
		ctx,
		recovery.Cluster{ID: result.ClusterID.String(), Members: members},
		j.inCluster,
		j.recovery,
	)
	if diags.HasError() {
		return fmt.Errorf("keeping the result: %v", diags)
	}
	m.Cluster = cluster
	return nil
}

// joined puts in what a join came to. What the plan has shown stays: a node that came back by itself in between has
// been left as it was, and its manifest is read again at the next refresh.
func (c *common) joined(planned common, result *executor.MemberResult) {
	c.Status, c.Manifest = types.StringValue(statusHealthy), types.StringValue(result.Manifest)
	c.ClusterID, c.MemberID = types.StringValue(result.ClusterID.String()), types.StringValue(result.MemberID.String())
	if !planned.Manifest.IsUnknown() && !planned.Manifest.IsNull() {
		c.Manifest = planned.Manifest
	}
	if !planned.OldData.IsUnknown() {
		c.OldData = planned.OldData
	}
}

func (r *member) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state memberModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	e, diags := state.look(ctx, r.masters, state.Name.ValueString())
	resp.Diagnostics.Append(diags...)
	if e == nil {
		return
	}
	state.observe(*e, &resp.Diagnostics)
	if state.Cluster.IsNull() && state.voter() { // just imported
		resp.Diagnostics.Append(state.importedCluster(ctx, *e, types.StringNull())...)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *member) Delete(_ context.Context, _ resource.DeleteRequest, resp *resource.DeleteResponse) {
	warnDestroy(&resp.Diagnostics)
}

func (r *member) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importNode(ctx, req, resp, path.Root("name"))
}
