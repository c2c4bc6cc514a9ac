package provider

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// What a resource says of its master. There is a fourth answer, no answer: then the state stays as it is.
const (
	statusHealthy    = "healthy"    // a started voter of a cluster with a quorum
	statusLost       = "lost"       // proved: a quorum does not list it, or its data folder is empty
	statusUnfinished = "unfinished" // a voter again, and the end state of the join that made it one was not checked
	statusUnhealthy  = "unhealthy"  // anything else; a warning says what
)

// common is what seed and member have in common.
type common struct {
	Steps        types.List   `tfsdk:"steps"`
	ManifestPath types.String `tfsdk:"manifest_path"`
	Manifest     types.String `tfsdk:"manifest"`
	OldData      types.String `tfsdk:"old_data"`

	Status     types.String `tfsdk:"status"`
	ClusterID  types.String `tfsdk:"cluster_id"`
	MemberID   types.String `tfsdk:"member_id"`
	Cluster    types.Object `tfsdk:"cluster"`
	Connection types.Object `tfsdk:"access"`
	Masters    types.Map    `tfsdk:"masters"`
}

func commonAttributes(own map[string]schema.Attribute) map[string]schema.Attribute {
	all := map[string]schema.Attribute{
		"steps": schema.ListAttribute{
			Computed:    true,
			ElementType: types.StringType,
			MarkdownDescription: "What the apply does, in order. Each step is checked first and skipped when it " +
				"holds already.",
		},
		"manifest_path": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Etcd's static pod manifest on the master.",
		},
		"manifest": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The text that stands in `manifest_path` in the end, byte for byte.",
		},
		"old_data": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "Where the master keeps the data that it had before; null where there was nothing " +
				"to keep. The provider never deletes it.",
		},
		"status": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "`healthy`, `lost` (proved by a quorum that does not list it, or by an empty data " +
				"folder), `unfinished` (it joined again, and that apply was broken off at its end) or `unhealthy`. A " +
				"master that does not answer keeps its last status.",
		},
		"cluster_id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "ID of the cluster, in hex as etcd prints it.",
		},
		"member_id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "ID of this master's member, in hex.",
		},
		"cluster": schema.ObjectAttribute{
			Computed:            true,
			AttributeTypes:      clusterType().AttrTypes,
			MarkdownDescription: "The cluster with this master in it, for `join` of the next `etcdrecovery_member`.",
		},
		"access": schema.ObjectAttribute{
			Computed:       true,
			AttributeTypes: connectionType().AttrTypes,
			MarkdownDescription: "How the master is reached when the state is refreshed. It follows the survey's " +
				"`nodes`: a change there shows here, and counts from that plan on.",
		},
		"masters": schema.MapAttribute{
			Computed:    true,
			ElementType: connectionType(),
			MarkdownDescription: "How the masters of the survey are reached when the state is refreshed; the others " +
				"are asked about this one.",
		},
	}
	maps.Copy(all, own)
	return all
}

func (c *common) unknown() {
	c.Steps, c.OldData = types.ListUnknown(types.StringType), types.StringUnknown()
	c.ManifestPath, c.Manifest = types.StringUnknown(), types.StringUnknown()
	c.Status, c.ClusterID, c.MemberID = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	c.Cluster, c.Connection = types.ObjectUnknown(clusterType().AttrTypes), types.ObjectUnknown(
		connectionType().AttrTypes,
	)
	c.Masters = types.MapUnknown(connectionType())
}

// fill puts in what is known of the result before it is there. members are the nodes of the cluster, surveyed all those
// of the survey.
func (c *common) fill(
	ctx context.Context,
	cluster recovery.Cluster,
	recoveryID types.String,
	name string,
	members, surveyed map[string]connection,
) diag.Diagnostics {
	value, diags := clusterValue(ctx, cluster, members, recoveryID)
	c.Cluster, c.Status, c.ClusterID = value, types.StringValue(statusHealthy), types.StringUnknown()
	if cluster.ID != "" {
		c.ClusterID = types.StringValue(cluster.ID)
	}
	diags.Append(c.reachedBy(ctx, surveyed, name)...)
	return diags
}

// look examines the resource's master, together with the others that can bear witness. nil means that nothing can be
// said: the state stays as it is, and a warning tells why. Silence is never taken for loss.
func (c *common) look(ctx context.Context, m *masters, name string) (*recovery.Evidence, diag.Diagnostics) {
	var diags diag.Diagnostics
	if m == nil || m.check() != nil {
		diags.AddWarning(
			headed(name, "was not looked at"),
			fmt.Sprintf("%s was not looked at: the provider's configuration is not known yet.", name),
		)
		return nil, diags
	}
	conns := map[string]connection{}
	if !c.Masters.IsNull() {
		diags.Append(c.Masters.ElementsAs(ctx, &conns, false)...)
	}
	var own connection
	diags.Append(c.Connection.As(ctx, &own, basetypes.ObjectAsOptions{})...)
	if diags.HasError() {
		return nil, diags
	}
	conns[name] = own
	e := executor.Look(ctx, m.nodes(conns), m.now()).Node(name)
	if e.Reach != recovery.Reached {
		words := "does not answer"
		if e.Reach == recovery.Refused {
			words = "cannot be examined"
		}
		diags.AddWarning(
			headed(name, words),
			fmt.Sprintf("%s could not be examined, so its state is kept as it was: %s.", name, e.ReachError),
		)
		return nil, diags
	}
	return &e, diags
}

// observe takes over what was seen.
func (c *common) observe(e recovery.Evidence, diags *diag.Diagnostics) {
	cluster := c.ClusterID.ValueString()
	healthy, lost, why := planner.Standing(e, cluster, c.MemberID.ValueString())
	switch {
	case healthy:
		c.Status = types.StringValue(statusHealthy)
		if planner.Unfinished(e) {
			c.Status = types.StringValue(statusUnfinished)
		}
		c.ClusterID, c.MemberID = types.StringValue(e.Status.ClusterID.String()), types.StringValue(
			e.Status.MemberID.String(),
		)
	case lost:
		c.Status = types.StringValue(statusLost)
		diags.AddWarning(headed(e.Name, "is lost to its cluster"), e.Name+": "+why)
	default:
		c.Status = types.StringValue(statusUnhealthy)
		diags.AddWarning(headed(e.Name, "is not healthy"), e.Name+": "+why)
	}
	if e.Manifest != "" {
		c.Manifest, c.ManifestPath = types.StringValue(e.Manifest), types.StringValue(e.ManifestPath)
	}
}

// voter tells that the master was seen as a voter of a cluster with a quorum.
func (c *common) voter() bool {
	return c.Status.ValueString() == statusHealthy || c.Status.ValueString() == statusUnfinished
}

// importedCluster is what a resource that was not made here can say of its cluster.
func (c *common) importedCluster(
	ctx context.Context,
	e recovery.Evidence,
	recoveryID types.String,
) diag.Diagnostics {
	cluster := recovery.Cluster{ID: e.Status.ClusterID.String()}
	for _, m := range e.Members {
		cluster.Members = append(cluster.Members, manifest.Member{Name: m.Name, PeerURLs: m.PeerURLs})
	}
	var own connection
	diags := c.Connection.As(ctx, &own, basetypes.ObjectAsOptions{})
	value, more := clusterValue(ctx, cluster, map[string]connection{e.Name: own}, recoveryID)
	diags.Append(more...)
	c.Cluster = value
	return diags
}

func warnDestroy(diags *diag.Diagnostics) {
	diags.AddWarning(
		"Destroy Only Forgets",
		"Destroying this resource takes it out of Terraform's state. Etcd, its data and its manifest on the master "+
			"are not touched.",
	)
}
