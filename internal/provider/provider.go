// Package provider is the Terraform side: schemas, models and diagnostics. What is done to masters is in package
// recovery.
package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
)

var _ provider.ProviderWithFunctions = &etcdRecovery{}

type etcdRecovery struct {
	version string
	watch
}

// watch hears of the steps of every operation, and of refusals. Fault injection watches; nobody else does.
type watch struct {
	observe, acted executor.Observer
	refused        func(recovery.Code)
}

// New makes the provider's constructor.
func New(version string) func() provider.Provider { return NewWatched(version, nil, nil, nil) }

// NewWatched is New for a provider that reports each step before it is carried out, and after, when it is not in the
// journal yet, and the code of each refusal before it is shown.
func NewWatched(version string, before, after executor.Observer, refused func(recovery.Code)) func() provider.Provider {
	return func() provider.Provider {
		return &etcdRecovery{version: version, watch: watch{observe: before, acted: after, refused: refused}}
	}
}

func (p *etcdRecovery) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "etcdrecovery", p.version
}

func (p *etcdRecovery) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Rebuilds etcd, running as static pods on Kubernetes masters, after the majority of its " +
			"members is lost for good. " +
			"`terraform plan` shows the evidence, every step and the full text of every file that will be written; " +
			"`terraform apply` does exactly that or stops first.",
		Attributes: map[string]schema.Attribute{"ssh": sshAttribute()},
	}
}

// providerModel is the provider block.
type providerModel struct {
	SSH types.Object `tfsdk:"ssh"`
}

func (p *etcdRecovery) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Nothing is dialled here, and a value that is not known yet is only missed when a master has to be reached.
	data, diags := newMasters(config.SSH, p.watch)
	resp.Diagnostics.Append(diags...)
	if data.settings.bool("insecure_ignore_host_key") {
		resp.Diagnostics.AddWarning(
			"Host Keys Are Not Checked",
			"insecure_ignore_host_key is set: whoever is between this machine and a master can read and change what "+
				"is sent. "+
				"Take it out, and add the masters' keys to the known hosts (ssh-keyscan HOST >> ~/.ssh/known_hosts) "+
				"when you have compared their fingerprints.",
		)
	}
	resp.DataSourceData, resp.ResourceData = data, data
}

func (p *etcdRecovery) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newSurvey}
}

// Functions edit manifests as the resources do. They reach no master.
func (p *etcdRecovery) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newReadManifest, newForceManifest, newUnforceManifest, newJoinManifest}
}

func (p *etcdRecovery) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newSeed, newMember}
}
