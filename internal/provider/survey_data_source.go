package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
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

func (s *surveySource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Examines masters in parallel and changes nothing. What it finds is the evidence on " +
			"which `etcdrecovery_seed` and `etcdrecovery_member` plan. " +
			"A master that does not answer is evidence too, not an error.",
		Attributes: map[string]schema.Attribute{
			"nodes": schema.MapNestedAttribute{
				Required:            true,
				MarkdownDescription: "All masters of the cluster, by a name of your choice; also those that are gone.",
				Validators:          []validator.Map{mapvalidator.SizeAtLeast(1)},
				NestedObject:        schema.NestedAttributeObject{Attributes: surveyedNode()},
			},
			"verdict": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "`alive`, `startable`, `lost`, `no data`, `not reached` (a master reaches an " +
					"etcd that this machine cannot examine), `undetermined` (masters that may have data cannot say " +
					"so, as with a disk that is not mounted) or `unclear` (different clusters), with the count " +
					"that says so.",
			},
			"report": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The findings as a table for people.",
			},
			"report_markdown": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The same in Markdown, for a comment on a change.",
			},
			"seed": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "The best master to grow a new cluster from; null while a cluster answers with " +
					"a quorum, and where the evidence does not decide, as while a master does not answer: the seed " +
					"resource can give that one up.",
			},
			"candidates": schema.ListAttribute{
				Computed:    true,
				ElementType: candidateType(),
				MarkdownDescription: "The masters from which a cluster could be grown, the best one first; none " +
					"while a cluster answers with a quorum. " +
					"Each with its `name`, the last log entry that a forced start `keeps`, the `revision` that comes " +
					"of it (at most), and what it loses: log `entries`, compared with the master `furthest`, and " +
					"the revisions in them, `from_revision` to `to_revision` at most; null where nothing is " +
					"lost, or no write.",
			},
			"cluster": schema.ObjectAttribute{
				Computed:       true,
				AttributeTypes: clusterType().AttrTypes,
				MarkdownDescription: "The cluster that answers with a quorum, for `join` of an " +
					"`etcdrecovery_member`; null where none does.",
			},
		},
	}
}

func surveyedNode() map[string]schema.Attribute {
	all := nodeAttributes()
	maps.Copy(all, map[string]schema.Attribute{
		"host": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Host name or address for SSH, or a name that OpenSSH's configuration knows.",
		},
		"kubelet_config": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "The kubelet's configuration file, in which `staticPodPath` and the container " +
				"runtime's socket are found; when left out, the one that the running kubelet was started with, or " +
				"`/var/lib/kubelet/config.yaml`.",
		},
		"manifest_dir": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "The static pod folder, instead of the running kubelet's `--pod-manifest-path` or " +
				"its configuration's `staticPodPath`.",
		},
		"manifest": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "The name of etcd's file in the static pod folder, such as `etcd.yaml`, on a node " +
				"that runs another etcd too. Only this file is read as etcd's and changed, and the other etcd runs " +
				"on. To recover both, give each a survey of its own, with another `work_dir`.",
			Validators: []validator.String{stringvalidator.RegexMatches(
				manifestName,
				"must be the name of a file without its folder, which the kubelet reads: it begins with no dot",
			)},
		},
		"work_dir": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Where the journal, the lock and manifests that are out of the kubelet's folder are " +
				"kept on the master; `/var/lib/etcdrecovery` when left out.",
		},
		"name": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The node's key in this map.",
		},
		"ssh": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "`reached`, `refused` (it is there, and login, host key, privilege or its state " +
				"keep it from being examined) or `silent`.",
		},
		"problems": schema.ListAttribute{
			Computed:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "What is in the way of changing this master, each with its remedy.",
		},
		"evidence": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "All that was found, as JSON. Resources read it; it holds no key.",
		},
	})
	return all
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
