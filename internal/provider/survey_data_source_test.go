package provider

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// rendered is what the data source says of a survey.
func rendered(t *testing.T, s recovery.Survey) (surveyModel, diag.Diagnostics) {
	t.Helper()
	var resp datasource.SchemaResponse
	newSurvey().Schema(t.Context(), datasource.SchemaRequest{}, &resp)
	nodes, ok := resp.Schema.Attributes["nodes"].(schema.MapNestedAttribute)
	if !ok {
		t.Fatal("nodes is no map")
	}
	kind, ok := nodes.NestedObject.Type().(types.ObjectType)
	if !ok {
		t.Fatal("a node is no object")
	}
	m := surveyModel{Nodes: map[string]types.Object{}}
	conns := map[string]connection{}
	for _, e := range s {
		attrs := map[string]attr.Value{}
		for name, a := range kind.AttrTypes {
			null, err := a.ValueFromTerraform(t.Context(), tftypes.NewValue(a.TerraformType(t.Context()), nil))
			if err != nil {
				t.Fatal(err)
			}
			attrs[name] = null
		}
		attrs["host"] = types.StringValue(home[e.Name].Host)
		m.Nodes[e.Name], conns[e.Name] = types.ObjectValueMust(kind.AttrTypes, attrs), home[e.Name]
	}
	diags := m.fill(t.Context(), s, conns)
	noErrors(t, diags)
	return m, diags
}

// withoutEvidence is a survey without what changes at each look.
func withoutEvidence(ctx context.Context, m surveyModel) surveyModel {
	nodes := map[string]types.Object{}
	for name, n := range m.Nodes {
		attrs := n.Attributes()
		attrs["evidence"] = types.StringNull()
		nodes[name] = types.ObjectValueMust(n.AttributeTypes(ctx), attrs)
	}
	m.Nodes = nodes
	return m
}

// TestReportOfALivingClusterIsStable looks twice at a cluster that takes writes: an output of anything but the evidence
// would be a change at each plan otherwise. One of its members may be gone.
func TestReportOfALivingClusterIsStable(t *testing.T) {
	for name, third := range map[string]recovery.Evidence{
		"all well":      votes(t, "m3"),
		"m3 is stopped": nodeOf(t, "m3"),
		"m3 is wiped":   wiped(t, "m3"),
		"m3 is silent":  silentNode("m3"),
	} {
		t.Run(name, func(t *testing.T) {
			before := surveyOf(votes(t, "m1"), votes(t, "m2"), third)
			list := []recovery.Evidence{votes(t, "m1"), votes(t, "m2"), third}
			for i := range list {
				if status := list[i].Status; status != nil { // each is asked at a moment of its own
					list[i].DataBytes += 64 << 20
					more := uint64(100 * (3 - i))
					list[i].Status = &etcd.Status{
						ClusterID:    status.ClusterID,
						MemberID:     status.MemberID,
						Leader:       entryOf("m2").ID, // elected in between
						Version:      status.Version,
						Revision:     status.Revision + int64(more),
						RaftTerm:     status.RaftTerm + 1,
						RaftIndex:    status.RaftIndex + more,
						AppliedIndex: status.AppliedIndex + more - 1,
						DBBytes:      status.DBBytes + 1<<20,
					}
				}
			}
			first, _ := rendered(t, before)
			second, _ := rendered(t, surveyOf(list...))
			a, b := withoutEvidence(t.Context(), first), withoutEvidence(t.Context(), second)
			va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
			for i := range va.NumField() {
				field := va.Type().Field(i).Name
				if !reflect.DeepEqual(va.Field(i).Interface(), vb.Field(i).Interface()) {
					t.Errorf("%s was\n%v\nand is\n%v", field, va.Field(i), vb.Field(i))
				}
			}
			if !first.Seed.IsNull() || len(first.Choice.Elements()) != 0 {
				t.Errorf("of a cluster that answers %s could be the seed, of %s", first.Seed, first.Choice)
			}
			if first.Cluster.IsNull() {
				t.Error("there is no cluster to join")
			}
		})
	}
	lost, _ := rendered(t, stoppedSurvey(t))
	if lost.Seed.ValueString() != "m1" || len(lost.Choice.Elements()) != 1 {
		t.Errorf("of a cluster that is lost %s is the seed, of %s", lost.Seed, lost.Choice)
	}
}

// TestWarningsNameTheNode has two nodes that do not answer, and one with two problems: Terraform shows the first alone
// of warnings with equal titles.
func TestWarningsNameTheNode(t *testing.T) {
	long := strings.Repeat("long", 20)
	bad := nodeOf(t, "m3")
	bad.Problems, bad.Warnings = []string{"one thing", "another thing"}, []string{"a third thing"}
	other := silentNode(long)
	_, diags := rendered(t, surveyOf(silentNode("m1"), silentNode("m2"), bad, other))
	seen := map[string]bool{}
	for _, d := range diags.Warnings() {
		if seen[d.Summary()] {
			t.Errorf("%q is said twice", d.Summary())
		}
		if n := len([]rune(d.Summary())); n > 60 {
			t.Errorf("%q has %d characters", d.Summary(), n)
		}
		seen[d.Summary()] = true
		if d.Summary() == "m3 needs attention" {
			for _, want := range []string{"m3: one thing", "m3: another thing", "m3: a third thing"} {
				if !strings.Contains(d.Detail(), want) {
					t.Errorf("it does not say %q:\n%s", want, d.Detail())
				}
			}
		}
	}
	if len(seen) != 4 || !seen["m1 needs attention"] || !seen["m2 needs attention"] || !seen["m3 needs attention"] {
		t.Errorf("the titles are %v", seen)
	}
	for status, e := range map[string]recovery.Evidence{statusLost: wiped(t, "m2"), statusUnhealthy: nodeOf(t, "m2")} {
		var c common
		var diags diag.Diagnostics
		c.observe(e, &diags)
		if c.Status.ValueString() != status || len(diags) != 1 || !strings.HasPrefix(diags[0].Summary(), "m2 is ") {
			t.Errorf("%s: %v", c.Status, diags)
		}
	}
}
