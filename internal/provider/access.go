package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// reachedBy takes over how the surveyed nodes are reached, name among them.
func (c *common) reachedBy(ctx context.Context, surveyed map[string]connection, name string) diag.Diagnostics {
	var diags diag.Diagnostics
	if own, ok := surveyed[name]; ok {
		value, more := types.ObjectValueFrom(ctx, connectionType().AttrTypes, own)
		diags.Append(more...)
		c.Connection = value
	}
	all, more := types.MapValueFrom(ctx, connectionType(), surveyed)
	diags.Append(more...)
	c.Masters = all
	return diags
}

// follow lets a state learn how the nodes are reached now, and reports whether its own node, known as before until now,
// is reached in another way. What it says hangs on the state and the survey alone, and not on the cluster to join,
// which can be unknown in the plan and known in the apply.
func (c *common) follow(
	ctx context.Context,
	surveyed map[string]connection,
	before, name string,
) (moved bool, diags diag.Diagnostics) {
	old := map[string]connection{}
	if !c.Masters.IsNull() {
		diags.Append(c.Masters.ElementsAs(ctx, &old, false)...)
	}
	was := c.Connection
	diags.Append(c.reachedBy(ctx, surveyed, name)...)
	if c.Cluster.IsNull() || c.Cluster.IsUnknown() || diags.HasError() {
		return !c.Connection.Equal(was), diags
	}
	var cluster clusterModel
	diags.Append(c.Cluster.As(ctx, &cluster, basetypes.ObjectAsOptions{})...)
	if diags.HasError() {
		return false, diags
	}
	for n := range cluster.Masters {
		now, ok := surveyed[n]
		_, surveyedBefore := old[n]
		switch {
		case ok:
			cluster.Masters[n] = now
		case n == before && before != name:
			delete(cluster.Masters, n)
			cluster.Masters[name] = surveyed[name]
		case surveyedBefore: // taken out of the configuration
			delete(cluster.Masters, n)
		}
	}
	value, more := types.ObjectValueFrom(ctx, clusterType().AttrTypes, cluster)
	diags.Append(more...)
	c.Cluster = value
	return !c.Connection.Equal(was), diags
}
