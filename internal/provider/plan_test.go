package provider

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// What follows makes surveys by hand, and plans with them as Terraform does: no node is needed.

// clusterID is that of the cluster of m1, m2 and so on, whose members have the IDs a1, a2 and so on.
const clusterID etcd.ID = 0xc1

func number(name string) etcd.ID {
	var n etcd.ID
	_, _ = fmt.Sscanf(name, "m%d", &n)
	return n
}

func peerURL(name string) string { return fmt.Sprintf("https://10.0.0.1%d:2380", number(name)) }

func entryOf(name string) etcd.Member {
	return etcd.Member{ID: 0xa0 + number(name), Name: name, PeerURLs: []string{peerURL(name)}}
}

func entriesOf(names ...string) (list []etcd.Member) {
	for _, n := range names {
		list = append(list, entryOf(n))
	}
	return list
}

func membersNamed(names ...string) (list []memberEntry) {
	for _, n := range names {
		list = append(list, memberEntry{Name: n, PeerURLs: []string{peerURL(n)}})
	}
	return list
}

// nodeOf is a node with a manifest and data whose etcd does not run.
func nodeOf(t *testing.T, name string) recovery.Evidence {
	t.Helper()
	text, err := os.ReadFile("../manifest/testdata/accepted/capz.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	own := strings.NewReplacer(m.Name(), name, m.PeerURLs()[0], peerURL(name)).Replace(string(text))
	return recovery.Evidence{
		Name:         name,
		Reach:        recovery.Reached,
		ManifestPath: "/etc/kubernetes/manifests/etcd.yaml",
		Manifest:     own,
		MemberName:   name,
		PeerURLs:     []string{peerURL(name)},
		Image:        "registry.k8s.io/etcd:3.6.12-0",
		Kubelet:      recovery.Kubelet{Running: true},
		DataDir:      "/var/lib/etcd",
		DataBytes:    20 << 20,
		FreeBytes:    20 << 30,
		OldData:      "/var/lib/etcd.etcdrecovery/1",
		Readable:     true,
		Disk: &recovery.OnDisk{
			ClusterID:       clusterID,
			MemberID:        entryOf(name).ID,
			Name:            name,
			Term:            2,
			Commit:          900,
			FirstIndex:      1,
			LastIndex:       900,
			LastTerm:        2,
			ConsistentIndex: 900,
			Revision:        800,
			KeptLeast:       800,
			KeptRevision:    800,
			LastRevision:    800,
			ClusterVersion:  "3.6.0",
			Members:         entriesOf("m1", "m2", "m3"),
		},
	}
}

// wiped is a node whose disk has been emptied.
func wiped(t *testing.T, name string) recovery.Evidence {
	e := nodeOf(t, name)
	e.Empty, e.NoLog, e.Readable, e.Disk, e.DataBytes = true, true, false, nil, 0
	return e
}

// alone is a node whose etcd runs without a quorum.
func alone(t *testing.T, name string) recovery.Evidence {
	e := nodeOf(t, name)
	e.Disk, e.Running, e.Members = nil, true, entriesOf("m1", "m2", "m3")
	e.Status = &etcd.Status{
		ClusterID:    clusterID,
		MemberID:     entryOf(name).ID,
		Version:      "3.6.12",
		Revision:     800,
		RaftTerm:     2,
		RaftIndex:    900,
		AppliedIndex: 900,
	}
	return e
}

// votes is a node whose etcd is a voter of a cluster that answers.
func votes(t *testing.T, name string) recovery.Evidence {
	e := alone(t, name)
	e.Quorum, e.Status.Leader = true, entryOf("m1").ID
	return e
}

// halfJoined is m2 when it runs as a learner, as its join has left it that was broken off in a phase.
func halfJoined(t *testing.T, p recovery.Phase) recovery.Evidence {
	e := alone(t, "m2")
	e.Members, e.Status.MemberID, e.Status.Learner = nil, 0xf0, true
	j := recovery.Journal{
		Operation: recovery.OperationMember, ID: "1", Master: e.Name, Phase: p, Started: time.Unix(100, 0),
		Cluster: clusterID,
	}
	if j.Reached(recovery.PhaseAdded) {
		j.Learner = e.Status.MemberID.String()
	}
	e.Journals = []recovery.Journal{j}
	return e
}

// silentNode is one that does not answer.
func silentNode(name string) recovery.Evidence {
	return recovery.Evidence{Name: name, Reach: recovery.Silent, ReachError: "dial tcp: i/o timeout"}
}

// surveyOf is a survey of nodes, with the cluster that answers.
func surveyOf(list ...recovery.Evidence) recovery.Survey {
	var live *recovery.Live
	for _, e := range list {
		if e.Quorum {
			live = &recovery.Live{
				ClusterID: e.Status.ClusterID,
				Members:   e.Members,
				Commit:    e.Status.RaftIndex,
				Term:      2,
				Revision:  e.Status.Revision,
			}
		}
	}
	s := recovery.Survey(slices.Clone(list))
	for i := range s {
		s[i].Live = live
	}
	return s
}

// at are connections, name by name and host by host.
func at(pairs ...string) map[string]connection {
	all := map[string]connection{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = connection{Host: pairs[i+1]}
	}
	return all
}

var home = at("m1", "10.0.0.11", "m2", "10.0.0.12", "m3", "10.0.0.13")

func nodeValue(t *testing.T, e recovery.Evidence, conns map[string]connection) types.Object {
	t.Helper()
	text, err := json.Marshal(evidence{Masters: conns, Evidence: e})
	if err != nil {
		t.Fatal(err)
	}
	return types.ObjectValueMust(nodeType().AttrTypes, map[string]attr.Value{
		"name":     types.StringValue(e.Name),
		"evidence": types.StringValue(string(text)),
	})
}

func surveyValue(t *testing.T, s recovery.Survey, conns map[string]connection) types.Object {
	t.Helper()
	nodes := map[string]attr.Value{}
	for _, e := range s {
		nodes[e.Name] = nodeValue(t, e, conns)
	}
	return types.ObjectValueMust(
		surveyType().AttrTypes,
		map[string]attr.Value{"nodes": types.MapValueMust(nodeType(), nodes)},
	)
}

// joinValue is the cluster of a seed.
func joinValue(t *testing.T, id types.String, recoveryID string, names ...string) types.Object {
	t.Helper()
	v, diags := types.ObjectValueFrom(t.Context(), clusterType().AttrTypes, clusterModel{
		ID:       id,
		Members:  membersNamed(names...),
		Masters:  only(home, names...),
		Recovery: types.StringValue(recoveryID),
	})
	noErrors(t, diags)
	return v
}

func noErrors(t *testing.T, diags diag.Diagnostics) {
	t.Helper()
	for _, d := range diags.Errors() {
		t.Fatalf("%s: %s", d.Summary(), d.Detail())
	}
}

// object is a resource's configuration, plan or state, attribute by attribute.
type object map[string]attr.Value

// planned is what Terraform makes of a plan.
type planned struct {
	tfsdk.Plan
	diag.Diagnostics
	changed bool // against the state
}

// text is an attribute as people see it.
func (p planned) text(t *testing.T, name string) string {
	t.Helper()
	var v attr.Value
	noErrors(t, p.GetAttribute(t.Context(), path.Root(name), &v))
	return v.String()
}

// rawOf is an object of a resource's type with these attributes, and null for all others.
func rawOf(t *testing.T, r resource.Resource, o object) tfsdk.State {
	t.Helper()
	var s resource.SchemaResponse
	r.Schema(t.Context(), resource.SchemaRequest{}, &s)
	kind := s.Schema.Type().TerraformType(t.Context())
	nulls := map[string]tftypes.Value{}
	for name, a := range s.Schema.Attributes {
		nulls[name] = tftypes.NewValue(a.GetType().TerraformType(t.Context()), nil)
	}
	state := tfsdk.State{Schema: s.Schema, Raw: tftypes.NewValue(kind, nulls)}
	for name, v := range o {
		noErrors(t, state.SetAttribute(t.Context(), path.Root(name), v))
	}
	return state
}

// plan plans a resource as Terraform does; there is no state where before is nil.
func plan(t *testing.T, r resource.ResourceWithModifyPlan, before *tfsdk.State, config object) planned {
	t.Helper()
	ctx := t.Context()
	own := rawOf(t, r, config)
	proposed := rawOf(t, r, nil)
	if before != nil {
		proposed.Raw = before.Raw.Copy()
	}
	for name, a := range own.Schema.GetAttributes() {
		var v attr.Value
		noErrors(t, own.GetAttribute(ctx, path.Root(name), &v))
		switch {
		case a.IsWriteOnly():
			noErrors(t, proposed.SetAttribute(ctx, path.Root(name), nullOf(t, a.GetType())))
		case !a.IsComputed() || !v.IsNull():
			noErrors(t, proposed.SetAttribute(ctx, path.Root(name), v))
		}
	}
	state := rawOf(t, r, nil)
	state.Raw = tftypes.NewValue(state.Raw.Type(), nil)
	if before != nil {
		state = *before
	}
	resp := resource.ModifyPlanResponse{Plan: tfsdk.Plan{Schema: own.Schema, Raw: proposed.Raw}}
	r.ModifyPlan(ctx, resource.ModifyPlanRequest{
		Config: tfsdk.Config(own),
		Plan:   tfsdk.Plan{Schema: own.Schema, Raw: proposed.Raw},
		State:  state,
	}, &resp)
	return planned{Plan: resp.Plan, Diagnostics: resp.Diagnostics, changed: !resp.Plan.Raw.Equal(state.Raw)}
}

func nullOf(t *testing.T, kind attr.Type) attr.Value {
	t.Helper()
	ctx := t.Context()
	v, err := kind.ValueFromTerraform(ctx, tftypes.NewValue(kind.TerraformType(ctx), nil))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// applied is the state after a plan whose unknown values came to these.
func applied(t *testing.T, p planned, results object) *tfsdk.State {
	t.Helper()
	noErrors(t, p.Diagnostics)
	state := tfsdk.State{Schema: p.Schema, Raw: p.Raw}
	for name, v := range results {
		noErrors(t, state.SetAttribute(t.Context(), path.Root(name), v))
	}
	if !state.Raw.IsFullyKnown() {
		t.Fatalf("the state is not known: %s", state.Raw)
	}
	return &state
}
