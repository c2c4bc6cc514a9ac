package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// clusterModel is what one resource gives to the next: who is in the cluster, and how its masters are reached.
type clusterModel struct {
	ID      types.String          `tfsdk:"id"` // unknown in the plan of a recovery whose seed does not run
	Members []memberEntry         `tfsdk:"members"`
	Masters map[string]connection `tfsdk:"masters"`
	// The recovery that made the cluster, null where that is not known. A forced start keeps the cluster's ID, so this
	// alone tells a member, in the plan and in the apply alike, that it is to join anew.
	Recovery types.String `tfsdk:"recovery_id"`
}

type memberEntry struct {
	Name     string   `tfsdk:"name"`
	PeerURLs []string `tfsdk:"peer_urls"`
}

func clusterType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{
		"id":          types.StringType,
		"members":     types.ListType{ElemType: membersType()},
		"masters":     types.MapType{ElemType: connectionType()},
		"recovery_id": types.StringType,
	}}
}

func clusterValue(
	ctx context.Context,
	c recovery.Cluster,
	all map[string]connection,
	recoveryID types.String,
) (types.Object, diag.Diagnostics) {
	m := clusterModel{ID: types.StringUnknown(), Masters: all, Recovery: recoveryID}
	if c.ID != "" {
		m.ID = types.StringValue(c.ID)
	}
	for _, e := range c.Members {
		m.Members = append(m.Members, memberEntry{Name: e.Name, PeerURLs: e.PeerURLs})
	}
	return types.ObjectValueFrom(ctx, clusterType().AttrTypes, m)
}

func readCluster(ctx context.Context, v types.Object) (recovery.Cluster, map[string]connection, diag.Diagnostics) {
	var m clusterModel
	diags := v.As(ctx, &m, basetypes.ObjectAsOptions{})
	c := recovery.Cluster{ID: m.ID.ValueString()}
	c.Members = members(m.Members)
	return c, m.Masters, diags
}

func membersType() types.ObjectType {
	return types.ObjectType{
		AttrTypes: map[string]attr.Type{
			"name":      types.StringType,
			"peer_urls": types.ListType{ElemType: types.StringType},
		},
	}
}

func members(entries []memberEntry) []manifest.Member {
	var all []manifest.Member
	for _, e := range entries {
		all = append(all, manifest.Member{Name: e.Name, PeerURLs: e.PeerURLs})
	}
	return all
}

func stringList(ctx context.Context, list []string) (types.List, diag.Diagnostics) {
	return types.ListValueFrom(ctx, types.StringType, list)
}

// orNull is null where there is nothing to say.
func orNull(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
