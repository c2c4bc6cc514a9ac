package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// watched is a member that tells of the codes of its refusals.
func watched() (*member, *[]recovery.Code) {
	var heard []recovery.Code
	return &member{masters: &masters{
		watch: watch{refused: func(c recovery.Code) { heard = append(heard, c) }},
	}}, &heard
}

// joinedMember is the state of m2, which has joined the cluster of recovery "first".
func joinedMember(t *testing.T) *tfsdk.State {
	t.Helper()
	s := surveyOf(votes(t, "m1"), votes(t, "m2"), votes(t, "m3"))
	p := plan(t, &member{}, nil, object{
		"node": nodeValue(t, s.Node("m2"), home),
		"join": joinValue(t, types.StringValue(clusterID.String()), "first", "m1"),
	})
	return applied(t, p, object{"member_id": types.StringValue(entryOf("m2").ID.String())})
}

// withValues changes attributes of a state.
func withValues(t *testing.T, s *tfsdk.State, o object) *tfsdk.State {
	t.Helper()
	return applied(t, planned{Plan: tfsdk.Plan{Schema: s.Schema, Raw: s.Raw.Copy()}}, o)
}

func TestMemberPlan(t *testing.T) {
	join := joinValue(t, types.StringValue(clusterID.String()), "first", "m1")
	anew := joinValue(t, types.StringValue(clusterID.String()), "second", "m1")
	moved := at("m1", "10.0.0.11", "m2", "10.9.9.9", "m3", "10.0.0.13")
	otherWay := at("m1", "10.0.0.11", "m2", "10.0.0.12", "m3", "10.0.0.13")
	otherWay["m2"] = connection{
		Host: "10.0.0.12",
		SSH:  values{"port": "2222", "user": "ops", "bastion": "jump.example.com"},
	}
	living := surveyOf(votes(t, "m1"), votes(t, "m2"), votes(t, "m3"))
	apart := surveyOf(nodeOf(t, "m1"), nodeOf(t, "m2"), nodeOf(t, "m3"))
	without := func() recovery.Survey { // the cluster that was forced, of the same ID
		m1 := votes(t, "m1")
		m1.Members = entriesOf("m1")
		return surveyOf(m1, nodeOf(t, "m2"), nodeOf(t, "m3"))
	}()
	for _, c := range []struct {
		name    string
		survey  recovery.Survey
		conns   map[string]connection
		join    types.Object
		status  string // in the state, "" for healthy
		rejoins bool
		changes bool
		want    map[string]string
	}{
		{
			name:   "nothing has changed: no changes",
			survey: living,
		},
		{
			name:   "it does not answer: no changes",
			survey: surveyOf(votes(t, "m1"), silentNode("m2"), votes(t, "m3")),
		},
		{
			name:   "join is null, and it is well: no changes",
			survey: living,
			join:   types.ObjectNull(clusterType().AttrTypes),
		},
		{
			name:    "another host: access and masters change, and nothing else",
			survey:  living,
			conns:   moved,
			changes: true,
			want:    map[string]string{"status": `"healthy"`, "member_id": `"a2"`, "access": "10.9.9.9"},
		},
		{
			name:    "another port, user and jump host: access changes",
			survey:  living,
			conns:   otherWay,
			changes: true,
			want: map[string]string{
				"status": `"healthy"`, "member_id": `"a2"`, "access": "jump.example.com",
			},
		},
		{
			name:    "another host of a node that does not answer there either: access changes",
			survey:  surveyOf(votes(t, "m1"), silentNode("m2"), votes(t, "m3")),
			conns:   moved,
			changes: true,
			want:    map[string]string{"status": `"healthy"`, "access": "10.9.9.9"},
		},
		{
			name:    "lost by what the Read saw at the old host, well at the new one: access and status change",
			survey:  living,
			conns:   moved,
			status:  statusLost,
			changes: true,
			want:    map[string]string{"status": `"healthy"`, "member_id": `"a2"`, "access": "10.9.9.9"},
		},
		{
			name:    "well by what the Read could not see, wiped at the new host: it rejoins",
			survey:  surveyOf(votes(t, "m1"), wiped(t, "m2"), votes(t, "m3")),
			conns:   moved,
			changes: true,
			rejoins: true,
			want:    map[string]string{"access": "10.9.9.9"},
		},
		{
			name:    "a further node in the survey: masters change",
			survey:  living,
			conns:   at("m1", "10.0.0.11", "m2", "10.0.0.12", "m3", "10.0.0.13", "m4", "10.0.0.14"),
			changes: true,
			want:    map[string]string{"status": `"healthy"`, "masters": "10.0.0.14"},
		},
		{
			name:    "lost: it rejoins",
			survey:  surveyOf(votes(t, "m1"), wiped(t, "m2"), votes(t, "m3")),
			status:  statusLost,
			changes: true,
			rejoins: true,
		},
		{
			name:    "its rejoin was broken off while it was a learner: it goes on",
			survey:  surveyOf(votes(t, "m1"), halfJoined(t, recovery.PhaseAdded), votes(t, "m3")),
			changes: true,
			rejoins: true,
		},
		{
			name:   "its rejoin had only begun, and its etcd runs: no changes",
			survey: surveyOf(votes(t, "m1"), halfJoined(t, recovery.PhaseBegun), votes(t, "m3")),
		},
		{
			name: "its rejoin was broken off after the promotion, and its etcd is down: no changes",
			survey: func() recovery.Survey {
				m1, m2 := votes(t, "m1"), nodeOf(t, "m2")
				m2.Journals = halfJoined(t, recovery.PhaseStarted).Journals
				m2.Disk.MemberID = 0xf0
				m1.Members = append(entriesOf("m1", "m3"), etcd.Member{ID: 0xf0, Name: "m2", PeerURLs: m2.PeerURLs})
				return surveyOf(m1, m2, nodeOf(t, "m3"))
			}(),
		},
		{
			name:   "its rejoin was broken off, and no cluster answers: no changes",
			survey: surveyOf(nodeOf(t, "m1"), halfJoined(t, recovery.PhaseAdded), nodeOf(t, "m3")),
		},
		{
			name:   "all are down, and nobody asks for another recovery: no changes",
			survey: apart,
		},
		{
			name:    "the majority is lost again, and the seed is forced by another recovery: it rejoins",
			survey:  apart,
			join:    anew,
			changes: true,
			rejoins: true,
			want:    map[string]string{"manifest": "existing", "cluster": `"second"`},
		},
		{
			name:    "the same while its etcd runs without a quorum: it rejoins",
			survey:  surveyOf(nodeOf(t, "m1"), alone(t, "m2"), nodeOf(t, "m3")),
			join:    anew,
			changes: true,
			rejoins: true,
		},
		{
			name:   "the same, and it is the seed now: no changes",
			survey: apart,
			join:   joinValue(t, types.StringValue(clusterID.String()), "second", "m2"),
		},
		{
			name:   "the same, and it does not answer: no changes",
			survey: surveyOf(nodeOf(t, "m1"), silentNode("m2"), nodeOf(t, "m3")),
			join:   anew,
		},
		{
			name:    "the seed was forced by an apply that was broken off: it rejoins",
			survey:  without,
			join:    anew,
			changes: true,
			rejoins: true,
		},
		{
			name:   "another recovery, and it is in its cluster already: no changes",
			survey: living,
			join:   anew,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.conns == nil {
				c.conns = home
			}
			if len(c.join.AttributeTypes(t.Context())) == 0 {
				c.join = join
			}
			state := joinedMember(t)
			if c.status != "" {
				state = withValues(t, state, object{"status": types.StringValue(c.status)})
			}
			config := object{"node": nodeValue(t, c.survey.Node("m2"), c.conns), "join": c.join}
			r, _ := watched()
			p := plan(t, r, state, config)
			noErrors(t, p.Diagnostics)
			if p.changed != c.changes {
				t.Errorf("changed: %v, want %v", p.changed, c.changes)
			}
			var m memberModel
			noErrors(t, p.Get(t.Context(), &m))
			if m.MemberID.IsUnknown() != c.rejoins {
				t.Errorf("the member's ID is %s; rejoins: want %v", m.MemberID, c.rejoins)
			}
			for name, want := range c.want {
				if got := p.text(t, name); !strings.Contains(got, want) {
					t.Errorf("%s is %s, without %s", name, got, want)
				}
			}
			if c.rejoins {
				return
			}
			next := applied(t, p, nil)
			if again := plan(t, r, next, config); again.changed {
				t.Errorf("it plans the same change for ever")
			}
		})
	}
}

// TestMemberOfAnotherNode gives a resource another node.
func TestMemberOfAnotherNode(t *testing.T) {
	join := joinValue(t, types.StringValue(clusterID.String()), "first", "m1")
	m4, renamed := votes(t, "m4"), votes(t, "m2")
	renamed.Name = "backup"
	four := at("m1", "10.0.0.11", "m2", "10.0.0.12", "m3", "10.0.0.13", "m4", "10.0.0.14")
	for _, status := range []string{statusHealthy, statusLost} {
		r, heard := watched()
		state := withValues(t, joinedMember(t), object{"status": types.StringValue(status)})
		for _, e := range []recovery.Evidence{m4, wiped(t, "m4"), silentNode("m4")} {
			*heard = nil
			s := surveyOf(votes(t, "m1"), votes(t, "m2"), votes(t, "m3"), e)
			p := plan(t, r, state, object{"node": nodeValue(t, s.Node("m4"), four), "join": join})
			if len(*heard) != 1 || (*heard)[0] != recovery.CodeMemberFixed {
				t.Fatalf("%s: heard %v: %v", status, *heard, p.Diagnostics)
			}
			text := p.Errors()[0].Detail()
			for _, want := range []string{"set node back to m2", "an etcdrecovery_member for m4", "member remove a2"} {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q:\n%s", want, text)
				}
			}
		}
	}
	// The same member, told by its ID, under another name in the survey.
	r, _ := watched()
	s := surveyOf(votes(t, "m1"), renamed, votes(t, "m3"))
	conns := at("m1", "10.0.0.11", "backup", "10.0.0.12", "m3", "10.0.0.13")
	config := object{"node": nodeValue(t, s.Node("backup"), conns), "join": join}
	p := plan(t, r, joinedMember(t), config)
	noErrors(t, p.Diagnostics)
	if got := p.text(t, "name"); got != `"backup"` {
		t.Errorf("its name is %s", got)
	}
	if got := p.text(t, "cluster"); !strings.Contains(got, `"backup":`) || strings.Contains(got, `"m2":`) {
		t.Errorf("its cluster is %s", got)
	}
	if again := plan(t, r, applied(t, p, nil), config); again.changed {
		t.Error("it plans the same change for ever")
	}
}

// TestMemberPlannedTwice plans a rejoin before the seed is forced and after, as Terraform does within an apply: what
// was known may not change.
func TestMemberPlannedTwice(t *testing.T) {
	s := surveyOf(nodeOf(t, "m1"), nodeOf(t, "m2"), nodeOf(t, "m3"))
	config := object{
		"node": nodeValue(t, s.Node("m2"), home),
		"join": joinValue(t, types.StringUnknown(), "second", "m1"),
	}
	first := plan(t, &member{}, joinedMember(t), config)
	config["join"] = joinValue(t, types.StringValue(clusterID.String()), "second", "m1")
	second := plan(t, &member{}, joinedMember(t), config)
	noErrors(t, first.Diagnostics)
	noErrors(t, second.Diagnostics)
	diffs, err := first.Raw.Diff(second.Raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diffs {
		if d.Value1 != nil && d.Value1.IsFullyKnown() {
			t.Errorf("the plan was inconsistent: %s", d)
		}
	}
	var m memberModel
	noErrors(t, second.Get(t.Context(), &m))
	if !m.MemberID.IsUnknown() {
		t.Error("the second plan has no join")
	}
}

// TestMemberUnknown has a survey that is not known while planning.
func TestMemberUnknown(t *testing.T) {
	unknown := types.ObjectUnknown(nodeType().AttrTypes)
	join := types.ObjectUnknown(clusterType().AttrTypes)
	p := plan(t, &member{}, joinedMember(t), object{"node": unknown, "join": join})
	noErrors(t, p.Diagnostics)
	if p.changed {
		t.Error("a member that is well is changed")
	}
	// Where something else is changed, the apply may find that the access has changed as well.
	p = plan(t, &member{}, joinedMember(t), object{"node": unknown, "join": join, "any_order": types.BoolValue(true)})
	noErrors(t, p.Diagnostics)
	var m memberModel
	noErrors(t, p.Get(t.Context(), &m))
	if !m.Connection.IsUnknown() || !m.Masters.IsUnknown() {
		t.Errorf("access %s and masters %s are taken for known", m.Connection, m.Masters)
	}
}
