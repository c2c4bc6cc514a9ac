package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
)

// manifestEdit edits a manifest with what else the function was called with.
type manifestEdit func(ctx context.Context, text []byte, req function.RunRequest) ([]byte, *function.FuncError)

// edit is a provider function that gives back a manifest with one edit done to it.
type edit struct {
	name, summary, description string
	parameters                 []function.Parameter // behind the manifest
	do                         manifestEdit
}

func manifestParameter() function.StringParameter {
	return function.StringParameter{
		Name:                "manifest",
		MarkdownDescription: "The text of a static pod manifest that runs etcd, YAML or JSON.",
	}
}

func (e edit) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = e.name
}

func (e edit) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             e.summary,
		MarkdownDescription: e.description,
		Parameters:          append([]function.Parameter{manifestParameter()}, e.parameters...),
		Return:              function.StringReturn{},
	}
}

func (e edit) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.GetArgument(ctx, 0, &text); resp.Error != nil {
		return
	}
	out, err := e.do(ctx, []byte(text), req)
	if resp.Error = err; err == nil {
		resp.Error = resp.Result.Set(ctx, types.StringValue(string(out)))
	}
}

// refusedManifest is an error about the text of the manifest.
func refusedManifest(err error) *function.FuncError {
	if err == nil {
		return nil
	}
	return function.NewArgumentFuncError(0, err.Error())
}

func newForceManifest() function.Function {
	return edit{
		name:    "force_manifest",
		summary: "Makes a manifest force a new cluster",
		description: "Gives back the manifest that `etcdrecovery_seed` writes for the forced start: with " +
			"`--force-new-cluster=true` and `--initial-cluster-state=existing` behind all other flags, " +
			"short election timers unless there are others, and another name for the pod. Every other byte stays. It " +
			"reads nothing but its argument, and touches no master.\n\n" +
			"To force a manifest that is forced already by this function changes nothing. One with a force flag of " +
			"somebody else is refused.",
		do: func(_ context.Context, text []byte, _ function.RunRequest) ([]byte, *function.FuncError) {
			out, err := manifest.Force(text)
			return out, refusedManifest(err)
		},
	}
}

func newUnforceManifest() function.Function {
	return edit{
		name:    "unforce_manifest",
		summary: "Takes the force flag out of a manifest",
		description: "Undoes `force_manifest`: gives back the very text that was forced. A force flag that somebody " +
			"else put in is taken out, wherever it is, and nothing else. " +
			"A manifest that is not forced stays as it is.",
		do: func(_ context.Context, text []byte, _ function.RunRequest) ([]byte, *function.FuncError) {
			out, err := manifest.Unforce(text)
			return out, refusedManifest(err)
		},
	}
}

func newJoinManifest() function.Function {
	return edit{
		name:    "join_manifest",
		summary: "Makes a manifest join a cluster",
		description: "Gives back the manifest that `etcdrecovery_member` writes: `--initial-cluster` names exactly " +
			"the given members and this one, by name, and `--initial-cluster-state` is `existing`, each once. " +
			"Discovery flags and a force flag are gone. Every other byte stays. To do it twice changes nothing.",
		parameters: []function.Parameter{
			function.ListParameter{
				Name:        "members",
				ElementType: membersType(),
				MarkdownDescription: "The members of the cluster to join, each `{ name, peer_urls }`, as in " +
					"`cluster.members` of `etcdrecovery_seed` and `etcdrecovery_member`. This master's own entry is " +
					"made from its manifest.",
			},
		},
		do: func(ctx context.Context, text []byte, req function.RunRequest) ([]byte, *function.FuncError) {
			var entries []memberEntry
			if err := req.Arguments.GetArgument(ctx, 1, &entries); err != nil {
				return nil, err
			}
			m, err := manifest.Parse(text)
			if err != nil {
				return nil, refusedManifest(err)
			}
			out, err := manifest.Join(text, manifest.InitialCluster(manifest.Joined(m.Self(), members(entries))))
			return out, refusedManifest(err)
		},
	}
}
