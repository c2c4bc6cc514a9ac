package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

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
