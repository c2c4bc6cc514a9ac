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
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// defaultTimeout is for one resource, waiting for its turn not counted: a copy of 8 GiB, two starts within the
// kubelet's longest back-off of 5 minutes each, and a snapshot of 8 GiB sent to a joiner.
const defaultTimeout = 40 * time.Minute

var (
	_ resource.ResourceWithConfigure   = &seed{}
	_ resource.ResourceWithModifyPlan  = &seed{}
	_ resource.ResourceWithImportState = &seed{}
)

// seed is the force-new-cluster progenitor.
type seed struct{ masters *masters }

func newSeed() resource.Resource { return &seed{} }

func (s *seed) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_seed"
}

func (s *seed) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	s.masters, _ = req.ProviderData.(*masters)
}

// decide is the plan for a configuration; nil while the evidence is not known.
func (s *seed) decide(ctx context.Context, m seedModel, resp *resource.ModifyPlanResponse) *planner.SeedPlan {
	if !m.known(ctx) {
		return nil
	}
	all, _, diags := readSurvey(ctx, m.Survey)
	resp.Diagnostics.Append(diags...)
	request, diags := m.request(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return nil
	}
	p, err := planner.DecideSeed(all, request)
	if err != nil {
		s.masters.addError(&resp.Diagnostics, err, seedAttributes()...)
		return nil
	}
	return p
}

func (s *seed) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		warnDestroy(&resp.Diagnostics)
		return
	}
	var config, plan, state seedModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	creating := req.State.Raw.IsNull()
	if !creating {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	again := !creating && !state.RecoveryID.IsNull() && !config.RecoveryID.Equal(state.RecoveryID)
	if !creating && !again {
		s.keep(ctx, config, plan, state, resp)
		return
	}
	p := s.decide(ctx, config, resp)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.unknown()
	if p != nil {
		_, conns, diags := readSurvey(ctx, config.Survey)
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(plan.fill(ctx, p, conns)...)
		warnLoss(p, &resp.Diagnostics)
		warnAbandoned(p, &resp.Diagnostics)
		warnManagers(&resp.Diagnostics, p.Managers)
		warnResuming(&resp.Diagnostics, p.Node, p.Resumes)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// keep plans for a seed that has done its work: nothing, or its return as a member when it was lost while the cluster
// lives. It is never forced again because of drift.
func (s *seed) keep(ctx context.Context, config, plan, state seedModel, resp *resource.ModifyPlanResponse) {
	next := state
	next.RecoveryID, next.LostNodes, next.Abandon = plan.RecoveryID, plan.LostNodes, plan.Abandon
	next.LessThan, next.Timeouts = plan.LessThan, plan.Timeouts
	if !wholly(ctx, config.Survey) {
		if err := state.checkNode(config.Node, recovery.Evidence{}); err != nil {
			s.masters.addError(&resp.Diagnostics, err, "node")
			return
		}
		if !next.asks(state) {
			next.Node = config.Node
			next.unknown() // the apply may find more to learn than is known now
		}
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &next)...)
		return
	}
	all, conns, diags := readSurvey(ctx, config.Survey)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	e, found := state.own(all, config.Node)
	if err := state.checkNode(config.Node, e); err != nil {
		s.masters.addError(&resp.Diagnostics, err, "node")
		return
	}
	if !found { // another survey: nothing can be learned from it
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &next)...)
		return
	}
	moved, diags := next.follow(ctx, conns, state.Node.ValueString(), e.Name)
	resp.Diagnostics.Append(diags...)
	next.Node = types.StringValue(e.Name)
	switch {
	case state.toRejoin(e, moved):
		p, err := planner.DecideMember(e, recovery.Cluster{ID: state.ClusterID.ValueString()}, false)
		if err == nil && e.Live == nil {
			err = lostAgain(e.Name)
		}
		if err != nil {
			s.masters.addError(&resp.Diagnostics, err, "recovery_id")
			return
		}
		next.rejoin(ctx, p, &resp.Diagnostics)
		warnManagers(&resp.Diagnostics, p.Managers)
		warnResuming(&resp.Diagnostics, p.Node, p.Resumes)
	case moved && e.Reach == recovery.Reached: // the Read has asked at the old place
		next.observe(e, &resp.Diagnostics)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &next)...)
}

// lostAgain refuses to let a seed join where nothing answers.
func lostAgain(node string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeMajorityLostAgain,
		Title:     "The Majority Is Lost Again",
		Attribute: "recovery_id",
		Found:     fmt.Sprintf("%s has lost its data, and no cluster answers that it could rejoin.", node),
		Next: "set a new recovery_id to recover from another master, and node if the survey's choice " +
			"is not yours.",
	}
}

func (s *seed) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var config, plan seedModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := plan.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if err := s.recover(ctx, config, &plan, timeout); err != nil {
		// No state on purpose: what was done is in the masters' journals, and the next plan is a plain create that goes
		// on from there.
		s.masters.addError(&resp.Diagnostics, err, seedAttributes()...)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (s *seed) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var config, plan, state seedModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := plan.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	var err error
	switch {
	case !state.RecoveryID.IsNull() && !plan.RecoveryID.Equal(state.RecoveryID):
		err = s.recover(ctx, config, &plan, timeout)
	case plan.MemberID.IsUnknown(): // as it was planned; where the state only learns something it stays as it is
		err = s.rejoin(ctx, config, &plan, timeout)
	}
	if err != nil {
		s.masters.addError(&resp.Diagnostics, err, seedAttributes()...)
		return // the state stays as it was, and so does the next plan
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// recover carries out a recovery and fills in what it came to.
func (s *seed) recover(ctx context.Context, config seedModel, plan *seedModel, timeout time.Duration) error {
	if err := s.masters.check(); err != nil {
		return err
	}
	if plan.ForcedManifest.IsUnknown() {
		return notPlanned("survey")
	}
	all, conns, diags := readSurvey(ctx, config.Survey)
	request, more := config.request(ctx)
	if diags.Append(more...); diags.HasError() {
		return fmt.Errorf("reading the configuration: %v", diags)
	}
	p, err := planner.DecideSeed(all, request)
	if err != nil {
		return err
	}
	return s.masters.turns.in(ctx, "seed", timeout, func(ctx context.Context) error {
		result, err := executor.Seed(ctx, p, s.masters.nodes(conns), s.masters.options(ctx))
		if err != nil {
			return err
		}
		if diags := plan.fill(ctx, p, conns); diags.HasError() {
			return fmt.Errorf("keeping the result: %v", diags)
		}
		return plan.finish(ctx, result, conns)
	})
}

// rejoin makes a seed that was lost a member of the cluster again.
func (s *seed) rejoin(ctx context.Context, config seedModel, plan *seedModel, timeout time.Duration) error {
	all, conns, diags := readSurvey(ctx, config.Survey)
	if diags.HasError() {
		return fmt.Errorf("reading the configuration: %v", diags)
	}
	p, err := planner.DecideMember(
		all.Node(plan.Node.ValueString()),
		recovery.Cluster{ID: plan.ClusterID.ValueString()},
		false,
	)
	if err != nil {
		return err
	}
	return s.masters.turns.in(ctx, plan.ClusterID.ValueString(), timeout, func(ctx context.Context) error {
		result, err := executor.Member(ctx, p, s.masters.nodes(conns), s.masters.options(ctx))
		if err != nil {
			return err
		}
		plan.joined(plan.common, result)
		return nil
	})
}

func (s *seed) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state seedModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	e, diags := state.look(ctx, s.masters, state.Node.ValueString())
	resp.Diagnostics.Append(diags...)
	if e == nil {
		return
	}
	state.observe(*e, &resp.Diagnostics)
	if j := planner.LastSeed(*e); j != nil && state.RecoveryID.IsNull() {
		state.RecoveryID = types.StringValue(j.ID)
	}
	if state.Cluster.IsNull() && state.voter() { // just imported
		resp.Diagnostics.Append(state.importedCluster(ctx, *e, state.RecoveryID)...)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (s *seed) Delete(_ context.Context, _ resource.DeleteRequest, resp *resource.DeleteResponse) {
	warnDestroy(&resp.Diagnostics)
}

func (s *seed) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importNode(ctx, req, resp, path.Root("node"))
}
