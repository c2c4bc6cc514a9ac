package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
)

// watchedSeed is a seed that tells of the codes of its refusals.
func watchedSeed() (*seed, *[]recovery.Code) {
	var heard []recovery.Code
	return &seed{masters: &masters{
		watch: watch{refused: func(c recovery.Code) { heard = append(heard, c) }},
	}}, &heard
}

// stoppedSurvey has lost its majority: m1 alone has data.
func stoppedSurvey(t *testing.T) recovery.Survey {
	return surveyOf(nodeOf(t, "m1"), wiped(t, "m2"), wiped(t, "m3"))
}

func named(names ...string) types.Set {
	var list []attr.Value
	for _, n := range names {
		list = append(list, types.StringValue(n))
	}
	return types.SetValueMust(types.StringType, list)
}

// seedConfig asks for recovery "first" with this survey.
func seedConfig(t *testing.T, s recovery.Survey, conns map[string]connection, more object) object {
	config := object{"survey": surveyValue(t, s, conns), "recovery_id": types.StringValue("first")}
	for name, v := range more {
		config[name] = v
	}
	return config
}

// grownSeed is the state of m1, from which the cluster was grown by recovery "first".
func grownSeed(t *testing.T) *tfsdk.State {
	t.Helper()
	p := plan(t, &seed{}, nil, seedConfig(t, stoppedSurvey(t), home, nil))
	return applied(t, p, object{
		"member_id":         types.StringValue(entryOf("m1").ID.String()),
		"cluster_id":        types.StringValue(clusterID.String()),
		"discarded_entries": types.Int64Value(0),
	})
}

func TestSeedPlan(t *testing.T) {
	living := surveyOf(votes(t, "m1"), votes(t, "m2"), votes(t, "m3"))
	healed := surveyOf(wiped(t, "m1"), votes(t, "m2"), votes(t, "m3"))
	moved := at("m1", "10.9.9.9", "m2", "10.0.0.12", "m3", "10.0.0.13")
	renamed := votes(t, "m1")
	renamed.Name = "first-master"
	under := surveyOf(renamed, votes(t, "m2"), votes(t, "m3"))
	underConns := at("first-master", "10.0.0.11", "m2", "10.0.0.12", "m3", "10.0.0.13")
	for _, c := range []struct {
		name    string
		survey  recovery.Survey
		conns   map[string]connection
		config  object
		status  string
		refused recovery.Code
		rejoins bool
		changes bool
		want    map[string]string
	}{
		{name: "nothing has changed: no changes", survey: living},
		{name: "it does not answer: no changes", survey: surveyOf(silentNode("m1"), votes(t, "m2"), votes(t, "m3"))},
		{name: "its own name as node: no changes", survey: living, config: object{"node": types.StringValue("m1")}},
		{
			name:    "another host",
			survey:  living,
			conns:   moved,
			changes: true,
			want:    map[string]string{"access": "10.9.9.9", "masters": "10.9.9.9", "cluster": "10.9.9.9"},
		},
		{
			name:    "lost by what the Read saw at the old host, well at the new one",
			survey:  living,
			conns:   moved,
			status:  statusLost,
			changes: true,
			want:    map[string]string{"access": "10.9.9.9", "status": `"healthy"`},
		},
		{
			name:    "another node",
			survey:  living,
			config:  object{"node": types.StringValue("m2")},
			refused: recovery.CodeSeedFixed,
		},
		{
			name:    "another node, which was not surveyed",
			survey:  living,
			config:  object{"node": types.StringValue("m4")},
			refused: recovery.CodeSeedFixed,
		},
		{
			name:    "another name in the survey, of the same member",
			survey:  under,
			conns:   underConns,
			changes: true,
			want:    map[string]string{"node": `"first-master"`, "cluster": `"first-master":`},
		},
		{
			name:    "the same, and named",
			survey:  under,
			conns:   underConns,
			config:  object{"node": types.StringValue("first-master")},
			changes: true,
			want:    map[string]string{"node": `"first-master"`},
		},
		{
			name:    "lost while the cluster lives: it rejoins",
			survey:  healed,
			status:  statusLost,
			changes: true,
			rejoins: true,
		},
		{
			name:    "lost, and no cluster answers",
			survey:  surveyOf(wiped(t, "m1"), nodeOf(t, "m2"), wiped(t, "m3")),
			status:  statusLost,
			refused: recovery.CodeMajorityLostAgain,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.conns == nil {
				c.conns = home
			}
			state := grownSeed(t)
			if c.status != "" {
				state = withValues(t, state, object{"status": types.StringValue(c.status)})
			}
			r, heard := watchedSeed()
			config := seedConfig(t, c.survey, c.conns, c.config)
			p := plan(t, r, state, config)
			if c.refused != "" {
				if len(*heard) != 1 || (*heard)[0] != c.refused {
					t.Errorf("heard %v, want %s: %v", *heard, c.refused, p.Diagnostics)
				}
				return
			}
			noErrors(t, p.Diagnostics)
			var m seedModel
			noErrors(t, p.Get(t.Context(), &m))
			if p.changed != c.changes || m.MemberID.IsUnknown() != c.rejoins {
				t.Errorf("changed: %v, and the member's ID is %s", p.changed, m.MemberID)
			}
			for name, want := range c.want {
				if got := p.text(t, name); !strings.Contains(got, want) {
					t.Errorf("%s is %s, without %s", name, got, want)
				}
			}
			if !c.rejoins {
				if again := plan(t, r, applied(t, p, nil), config); again.changed {
					t.Error("it plans the same change for ever")
				}
			}
		})
	}
}

// TestSeedUnknownElement has sets that are known, and an element of them that is not.
func TestSeedUnknownElement(t *testing.T) {
	unknown := types.SetValueMust(types.StringType, []attr.Value{types.StringUnknown()})
	for _, name := range []string{"lost_nodes", "accept_less_than", "abandon"} {
		for _, state := range []*tfsdk.State{nil, grownSeed(t)} {
			config := seedConfig(t, stoppedSurvey(t), home, object{name: unknown})
			if state != nil {
				config["recovery_id"] = types.StringValue("second")
			}
			p := plan(t, &seed{}, state, config)
			noErrors(t, p.Diagnostics)
			var m seedModel
			noErrors(t, p.Get(t.Context(), &m))
			if !m.Steps.IsUnknown() || !m.ForcedManifest.IsUnknown() {
				t.Errorf("%s: the plan is known: %s", name, m.Steps)
			}
		}
		// Of a seed that has done its work nothing is asked.
		p := plan(t, &seed{}, grownSeed(t), seedConfig(t, stoppedSurvey(t), home, object{name: unknown}))
		noErrors(t, p.Diagnostics)
	}
}

// TestAbandonIsAsked has the recoveries that are given up in the request.
func TestAbandonIsAsked(t *testing.T) {
	state := rawOf(t, &seed{}, object{"abandon": named("2025", "2026")})
	var m seedModel
	noErrors(t, state.Get(t.Context(), &m))
	request, diags := m.request(t.Context())
	noErrors(t, diags)
	if strings.Join(request.Abandon, " ") != "2025 2026" {
		t.Errorf("asked for %v", request.Abandon)
	}
}

// TestRecoverAgain plans a new recovery_id with members in the state: the seed and its members, all in one plan.
func TestRecoverAgain(t *testing.T) {
	s := surveyOf(nodeOf(t, "m1"), wiped(t, "m2"), wiped(t, "m3"))
	p := plan(t, &seed{}, grownSeed(t), seedConfig(t, s, home, object{"recovery_id": types.StringValue("second")}))
	noErrors(t, p.Diagnostics)
	var grown seedModel
	noErrors(t, p.Get(t.Context(), &grown))
	for _, e := range []recovery.Evidence{nodeOf(t, "m2"), wiped(t, "m2")} {
		m := plan(t, &member{}, joinedMember(t), object{"node": nodeValue(t, e, home), "join": grown.Cluster})
		noErrors(t, m.Diagnostics)
		var joins memberModel
		noErrors(t, m.Get(t.Context(), &joins))
		if !joins.MemberID.IsUnknown() {
			t.Errorf("m2, whose folder is empty: %v, does not rejoin in the same plan", e.Empty)
		}
	}
}

// TestHealedInBetween has a seed that was planned to rejoin, and that has become a voter again by itself before the
// apply: the state has what was planned, which is what Terraform insists on.
func TestHealedInBetween(t *testing.T) {
	s := surveyOf(wiped(t, "m1"), votes(t, "m2"), votes(t, "m3"))
	state := withValues(t, grownSeed(t), object{"status": types.StringValue(statusLost)})
	p := plan(t, &seed{}, state, seedConfig(t, s, home, nil))
	noErrors(t, p.Diagnostics)
	var before, after seedModel
	noErrors(t, p.Get(t.Context(), &before))
	noErrors(t, p.Get(t.Context(), &after))
	after.joined(before.common, &executor.MemberResult{
		ClusterID: clusterID,
		MemberID:  entryOf("m1").ID,
		Manifest:  "as it was all the time",
	})
	result := tfsdk.State{Schema: p.Schema, Raw: p.Raw.Copy()}
	noErrors(t, result.Set(t.Context(), &after))
	diffs, err := p.Raw.Diff(result.Raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diffs {
		if d.Value1 != nil && d.Value1.IsFullyKnown() {
			t.Errorf("the provider has produced an inconsistent result: %s", d)
		}
	}
	if after.MemberID.ValueString() != "a1" {
		t.Errorf("the member's ID is %s", after.MemberID)
	}
}
