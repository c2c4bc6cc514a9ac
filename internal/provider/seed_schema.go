package provider

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func (s *seed) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The master from whose data a new cluster is grown with `--force-new-cluster`, after " +
			"etcd was stopped on all the others. " +
			"Refused while a majority of the old cluster answers, or could be started with its data. Destroying it " +
			"forgets it and touches nothing.",
		Attributes: commonAttributes(map[string]schema.Attribute{
			"survey": schema.ObjectAttribute{
				Required:       true,
				WriteOnly:      true,
				AttributeTypes: surveyType().AttrTypes,
				MarkdownDescription: "The evidence: `data.etcdrecovery_survey.….` as a whole. Write-only: this " +
					"resource does not store it. The survey itself is in the plan and the state, with manifests and " +
					"findings and no key.",
			},
			"node": schema.StringAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: "The master to grow from. Left out: the survey's best survivor, shown in the " +
					"plan with the reason.",
			},
			"lost_nodes": schema.SetAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Masters given up. They must be exactly those that do not answer; one that " +
					"answers may not be named: its etcd is stopped instead.",
			},
			"accept_less_than": schema.SetAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Masters on which a forced start would keep more than on `node`. Naming them " +
					"accepts that what they have and `node` has not is lost. Only with a `node` of your own; refused " +
					"without.",
			},
			"abandon": schema.SetAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Recoveries that are given up, by their `recovery_id`: begun on one of these " +
					"masters, and not to go on. The plan says what each of them has done. What such a node has is " +
					"not the seed; where it has writes that the seed lacks, name it in `accept_less_than`. A " +
					"recovery that was given up is taken up again with its `recovery_id`.",
			},
			"recovery_id": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Your name for this recovery, such as a date. Changing it, and nothing else, " +
					"asks for another recovery.",
				Validators: []validator.String{
					stringvalidator.RegexMatches(
						regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`),
						"must be 1 to 64 letters, digits, dots, dashes and underscores, and begin with a letter or "+
							"digit",
					),
				},
			},
			"timeouts": timeouts.Attributes(ctx, timeouts.Opts{Create: true, Update: true}),

			"reason": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Why this master is the seed, and why a new cluster has to be forced.",
			},
			"report": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The evidence on which the recovery was planned, as a table.",
			},
			"forced_manifest": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The text that stands in `manifest_path` for the forced start only.",
			},
			"loss": schema.ObjectAttribute{
				Computed:       true,
				AttributeTypes: lossType(),
				MarkdownDescription: "What the forced start throws away, as foretold: log `entries`, compared with " +
					"the master `furthest` whose data goes furthest (it may be the seed itself), and the revisions " +
					"in them, `from_revision` to `to_revision` at most; null where none of them is a write. Null as " +
					"a whole where it is not known.",
			},
			"hazards": schema.ListAttribute{
				Computed:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Known faults of this version of etcd that a forced start, or the joins after " +
					"it, can meet.",
			},
			"discarded_entries": schema.Int64Attribute{
				Computed: true,
				MarkdownDescription: "Log entries that the forced start dropped because they were not committed on " +
					"the seed, as etcd's own log says; null where that log cannot tell (as with `--log-level=warn`).",
			},
		}),
	}
}
