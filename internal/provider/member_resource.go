package provider

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

var (
	_ resource.ResourceWithConfigure   = &member{}
	_ resource.ResourceWithModifyPlan  = &member{}
	_ resource.ResourceWithImportState = &member{}
)

// member is one master that joins a living cluster.
type member struct{ masters *masters }

func newMember() resource.Resource { return &member{} }

type memberModel struct {
	Node     types.Object   `tfsdk:"node"`
	Join     types.Object   `tfsdk:"join"`
	AnyOrder types.Bool     `tfsdk:"any_order"`
	Timeouts timeouts.Value `tfsdk:"timeouts"`

	Name types.String `tfsdk:"name"`
	common
}

func (r *member) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_member"
}

func (r *member) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A master that joins a living cluster: after a seed, or when one member of a healthy " +
			"cluster was lost. Its old data is moved aside, it joins as a learner and " +
			"is promoted when it has applied what the leader had, so that writes go on all the while. Destroying it " +
			"forgets it and touches nothing.",
		Attributes: commonAttributes(map[string]schema.Attribute{
			"node": schema.ObjectAttribute{
				Required:       true,
				WriteOnly:      true,
				AttributeTypes: nodeType().AttrTypes,
				MarkdownDescription: "The master: `data.etcdrecovery_survey.….nodes[\"…\"]`. Write-only: this " +
					"resource does not store it. The survey itself is in the plan and the state, with manifests and " +
					"findings and no key.",
			},
			// Optional, so that null is answered in our words, and hinders no member that needs no change.
			"join": schema.ObjectAttribute{
				Optional:       true,
				WriteOnly:      true,
				AttributeTypes: clusterType().AttrTypes,
				MarkdownDescription: "The cluster to join: `cluster` of the seed or of the member before, or " +
					"`data.etcdrecovery_survey.….cluster` for a living cluster, which is null while none has a " +
					"quorum. Needed to join; " +
					"a member that has joined goes without.",
			},
			"any_order": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Set it when several members take the same value for `join`, as with " +
					"`for_each`. They join one at a time in whatever order, so the member list in the manifest is " +
					"known after apply only. In a chain everything is known.",
			},
			"timeouts": timeouts.Attributes(ctx, timeouts.Opts{Create: true, Update: true}),
			"name":     schema.StringAttribute{Computed: true, MarkdownDescription: "The node's name in the survey."},
		}),
	}
}

func (r *member) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.masters, _ = req.ProviderData.(*masters)
}

// known tells whether the configuration says enough to plan with: all but the cluster's ID, which a stopped seed tells
// in the apply.
func (m memberModel) known(ctx context.Context) bool {
	if !wholly(ctx, m.Node) || m.Join.IsNull() || m.Join.IsUnknown() || m.AnyOrder.IsUnknown() {
		return false
	}
	attrs := m.Join.Attributes()
	return wholly(ctx, attrs["members"]) && wholly(ctx, attrs["masters"])
}

// decide is the plan for a configuration, with all masters that are known of.
func (m memberModel) decide(
	ctx context.Context,
) (*planner.MemberPlan, map[string]connection, map[string]connection, diag.Diagnostics, error) {
	node, diags := readNode(ctx, m.Node)
	join, inCluster, more := readCluster(ctx, m.Join)
	if diags.Append(more...); diags.HasError() {
		return nil, nil, nil, diags, nil
	}
	p, err := planner.DecideMember(node.Evidence, join, m.AnyOrder.ValueBool())
	name := node.Evidence.Name
	inCluster = maps.Clone(inCluster)
	inCluster[name] = node.Masters[name]
	all := maps.Clone(node.Masters)
	maps.Copy(all, inCluster)
	return p, inCluster, all, diags, err
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
	if !creating && !config.toRejoin(ctx, state) {
		state.AnyOrder, state.Timeouts = plan.AnyOrder, plan.Timeouts
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &state)...)
		return
	}
	if config.Join.IsNull() {
		r.masters.addError(&resp.Diagnostics, noCluster(), "join")
		return
	}
	plan.unknown()
	if config.known(ctx) {
		p, inCluster, all, diags, err := config.decide(ctx)
		resp.Diagnostics.Append(diags...)
		if err != nil {
			r.masters.addError(&resp.Diagnostics, err, "node", "join")
		}
		if resp.Diagnostics.HasError() {
			return
		}
		if !creating && p.Evidence.Name != state.Name.ValueString() {
			resp.Diagnostics.AddAttributeError(
				path.Root("node"),
				"This Is Another Master",
				fmt.Sprintf(
					"The resource was made for %s, and node is %s now. Use a resource of its own for each master.",
					state.Name.ValueString(),
					p.Evidence.Name,
				),
			)
			return
		}
		resp.Diagnostics.Append(plan.fill(ctx, p, inCluster, all)...)
		warnManagers(&resp.Diagnostics, p.Managers)
		warnResuming(&resp.Diagnostics, p.Resumes)
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

// toRejoin tells whether a master that is in the state has to be let in again: its own Read has proved that it is lost,
// or the survey has, which sees more than the Read of a member that was just imported.
func (m memberModel) toRejoin(ctx context.Context, state memberModel) bool {
	switch state.Status.ValueString() {
	case statusLost:
		return true
	case statusHealthy:
		return false
	}
	if !m.known(ctx) {
		return false
	}
	node, diags := readNode(ctx, m.Node)
	if diags.HasError() || node.Evidence.Reach != recovery.Reached {
		return false
	}
	_, lost, _ := planner.Standing(node.Evidence, state.ClusterID.ValueString())
	return lost ||
		state.Status.ValueString() == statusUnfinished &&
			planner.ToFinish(node.Evidence, state.ClusterID.ValueString())
}

func (m *memberModel) unknown() {
	m.Name = types.StringUnknown()
	m.common.unknown()
}

// fill puts in what is known once it is decided.
func (m *memberModel) fill(
	ctx context.Context,
	p *planner.MemberPlan,
	inCluster, all map[string]connection,
) diag.Diagnostics {
	steps, diags := stringList(ctx, recovery.Titles(p.Steps()))
	m.Name, m.Steps, m.ManifestPath = types.StringValue(p.Node), steps, types.StringValue(p.ManifestPath)
	if p.Manifest != "" {
		m.Manifest = types.StringValue(p.Manifest)
	}
	m.OldData = orNull(p.OldData)
	diags.Append(m.common.fill(ctx, p.Joined(), p.Node, inCluster, all)...)
	if p.AnyOrder && !p.Healthy {
		m.Cluster = types.ObjectUnknown(clusterType().AttrTypes)
	}
	return diags
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
	var config, plan, state memberModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := plan.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if config.toRejoin(ctx, state) {
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
	p, inCluster, all, diags, err := config.decide(ctx)
	if err != nil {
		return err
	}
	if diags.HasError() {
		return fmt.Errorf("reading the configuration: %v", diags)
	}
	planned := plan.Manifest
	if plan.Steps.IsUnknown() {
		return notPlanned("node")
	}
	return r.masters.turns.in(ctx, p.Cluster.ID, timeout, func(ctx context.Context) error {
		result, err := executor.Member(ctx, p, r.masters.nodes(all), r.masters.options(ctx))
		if err != nil {
			return err
		}
		if diags := plan.fill(ctx, p, inCluster, all); diags.HasError() {
			return fmt.Errorf("keeping the result: %v", diags)
		}
		plan.Manifest = types.StringValue(result.Manifest)
		if !planned.IsUnknown() && !planned.IsNull() {
			plan.Manifest = planned
		}
		plan.ClusterID, plan.MemberID = types.StringValue(result.ClusterID.String()), types.StringValue(
			result.MemberID.String(),
		)
		members := result.Members
		if !p.AnyOrder || p.Healthy { // the plan has shown them
			members = p.Joined().Members
		}
		cluster, diags := clusterValue(
			ctx,
			recovery.Cluster{ID: result.ClusterID.String(), Members: members},
			inCluster,
		)
		if diags.HasError() {
			return fmt.Errorf("keeping the result: %v", diags)
		}
		plan.Cluster = cluster
		return nil
	})
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
		resp.Diagnostics.Append(state.importedCluster(ctx, *e)...)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *member) Delete(_ context.Context, _ resource.DeleteRequest, resp *resource.DeleteResponse) {
	warnDestroy(&resp.Diagnostics)
}

func (r *member) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importNode(ctx, req, resp, path.Root("name"))
}
