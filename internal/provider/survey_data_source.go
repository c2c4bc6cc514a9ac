package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

var _ datasource.DataSourceWithConfigure = &surveySource{}

// surveySource is the data source that collects the evidence.
type surveySource struct{ masters *masters }

func newSurvey() datasource.DataSource { return &surveySource{} }

type surveyModel struct {
	Nodes    map[string]types.Object `tfsdk:"nodes"`
	Verdict  types.String            `tfsdk:"verdict"`
	Report   types.String            `tfsdk:"report"`
	Markdown types.String            `tfsdk:"report_markdown"`
	Seed     types.String            `tfsdk:"seed"`
	Choice   types.List              `tfsdk:"candidates"`
	Cluster  types.Object            `tfsdk:"cluster"`
}

// manifestName is the name of a file that the kubelet reads.
var manifestName = regexp.MustCompile(`^[^./][^/]*$`)

// connectionOf is how a node is reached, and where things are on it.
func connectionOf(node types.Object) connection {
	attrs := node.Attributes()
	text := func(name string) string { v, _ := attrs[name].(types.String); return v.ValueString() }
	own, _ := valuesOf(attrs) // all of a data source's configuration is known when it is read
	return connection{
		Host:          text("host"),
		SSH:           own,
		KubeletConfig: text("kubelet_config"),
		ManifestDir:   text("manifest_dir"),
		Manifest:      text("manifest"),
		WorkDir:       text("work_dir"),
	}
}

// with is a node with what was found.
func with(ctx context.Context, node types.Object, found map[string]attr.Value) (types.Object, diag.Diagnostics) {
	attrs := node.Attributes()
	maps.Copy(attrs, found)
	return types.ObjectValue(node.AttributeTypes(ctx), attrs)
}

func (s *surveySource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_survey"
}

func (s *surveySource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	s.masters, _ = req.ProviderData.(*masters)
}

func (s *surveySource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m surveyModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if err := s.masters.check(); err != nil {
		s.masters.addError(&resp.Diagnostics, err)
	}
	conns := map[string]connection{}
	at := map[string]string{}
	for name, n := range m.Nodes {
		c := connectionOf(n)
		conns[name] = c
		key := s.masters.address(c)
		if other, ok := at[key]; ok {
			s.masters.addError(
				&resp.Diagnostics,
				&recovery.Refusal{
					Code:      recovery.CodeNodeTwice,
					Title:     "A Node Is Given Twice",
					Attribute: "nodes",
					Found: fmt.Sprintf("the nodes %s and %s are both at %s.",
						min(name, other), max(name, other), key),
					Next: "give each master once, under one name.",
				},
				"nodes",
			)
		}
		at[key] = name
	}
	if resp.Diagnostics.HasError() {
		return
	}
	all := executor.Look(ctx, s.masters.nodes(conns), s.masters.now())
	if err := ctx.Err(); err != nil {
		resp.Diagnostics.AddError("Survey Interrupted", err.Error())
		return
	}
	resp.Diagnostics.Append(m.fill(ctx, all, conns)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// fill puts in what was found. All but the evidence stays the same while a cluster that answers takes writes: an output
// of it would be a change at each plan otherwise.
func (m *surveyModel) fill(
	ctx context.Context,
	all recovery.Survey,
	conns map[string]connection,
) (diags diag.Diagnostics) {
	for name, n := range m.Nodes {
		node, problems, more := found(ctx, n, all.Node(name), conns)
		diags.Append(more...)
		m.Nodes[name] = node
		if len(problems) > 0 {
			diags.AddAttributeWarning(
				path.Root("nodes").AtMapKey(name),
				headed(name, "needs attention"),
				name+": "+strings.Join(problems, "\n\n"+name+": "),
			)
		}
	}
	live := recovery.LiveOf(all)
	ranking := planner.Rank(all, nil)
	m.Verdict = types.StringValue(planner.Judge(all, ranking.Best()).Text)
	m.Report, m.Markdown = types.StringValue(planner.Report(all, nil)), types.StringValue(planner.Markdown(all, nil))
	m.Seed, m.Cluster = orNull(ranking.Best()), types.ObjectNull(clusterType().AttrTypes)
	if live != nil { // there is nothing to choose
		m.Seed, ranking.Candidates = types.StringNull(), nil
	}
	candidates, more := candidatesOf(ctx, ranking)
	diags.Append(more...)
	m.Choice = candidates
	if live != nil {
		c := recovery.Cluster{ID: live.ClusterID.String()}
		for _, e := range live.Members {
			c.Members = append(c.Members, manifest.Member{Name: e.Name, PeerURLs: e.PeerURLs})
		}
		value, more := clusterValue(ctx, c, conns, types.StringNull())
		diags.Append(more...)
		m.Cluster = value
	}
	return diags
}

// found returns a node with what was found on it, and all that a person has to know of.
func found(
	ctx context.Context,
	n types.Object,
	e recovery.Evidence,
	conns map[string]connection,
) (types.Object, []string, diag.Diagnostics) {
	text, err := json.Marshal(evidence{Masters: conns, Evidence: e})
	if err != nil {
		return n, nil, diag.Diagnostics{diag.NewErrorDiagnostic("Evidence Cannot Be Kept", err.Error())}
	}
	problems := []string{}
	if e.ReachError != "" {
		problems = append(problems, e.ReachError)
	}
	problems = append(problems, e.Problems...)
	list, diags := stringList(ctx, problems)
	n, more := with(ctx, n, map[string]attr.Value{
		"name":     types.StringValue(e.Name),
		"ssh":      types.StringValue(string(e.Reach)),
		"problems": list,
		"evidence": types.StringValue(string(text)),
	})
	diags.Append(more...)
	return n, append(problems, e.Warnings...), diags
}
