package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

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
			"timeouts": timeouts.Attributes(ctx, timeouts.Opts{
				Create: true,
				Update: true,
			}),
			"name": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The node's name in the survey.",
			},
		}),
	}
}
