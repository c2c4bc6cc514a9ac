package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// sshModel is the provider's ssh attribute.
type sshModel struct {
	User                 types.String `tfsdk:"user"`
	Port                 types.Int64  `tfsdk:"port"`
	PrivateKey           types.String `tfsdk:"private_key"`
	PrivateKeyFile       types.String `tfsdk:"private_key_file"`
	PrivateKeyPassphrase types.String `tfsdk:"private_key_passphrase"`
	Password             types.String `tfsdk:"password"`
	Agent                types.Bool   `tfsdk:"agent"`
	KnownHostsFile       types.String `tfsdk:"known_hosts_file"`
	Timeout              types.String `tfsdk:"timeout"`
	Become               types.Object `tfsdk:"become"`
}

type becomeModel struct {
	Method types.String `tfsdk:"method"`
}

func sshAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "How the masters are reached. Nothing of this block goes into the state.",
		Attributes: map[string]schema.Attribute{
			"user": schema.StringAttribute{Optional: true, MarkdownDescription: "Login name; `root` when left out. A node may have its own."},
			"port": schema.Int64Attribute{Optional: true, MarkdownDescription: "Port; 22 when left out. A node may have its own."},
			"private_key": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Private key (PEM). Only this key is offered then.",
				Validators: []validator.String{stringvalidator.ConflictsWith(path.MatchRelative().AtParent().AtName("private_key_file"))}},
			"private_key_file":       schema.StringAttribute{Optional: true, MarkdownDescription: "File of the private key; `~/` is the home folder. Only this key is offered then."},
			"private_key_passphrase": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Passphrase of an encrypted private key."},
			"password":               schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Password, offered after the key."},
			"agent":                  schema.BoolAttribute{Optional: true, MarkdownDescription: "Offer the keys of the agent at `SSH_AUTH_SOCK`. True when no key and no password is given."},
			"known_hosts_file":       schema.StringAttribute{Optional: true, MarkdownDescription: "Known hosts, `~/.ssh/known_hosts` when left out. Host keys are always checked; a node may give its `host_key` instead."},
			"timeout": schema.StringAttribute{Optional: true, MarkdownDescription: "Bound on connecting to a master, as a duration such as `\"15s\"`, the default. A master that does not answer within it counts as silent.",
				Validators: []validator.String{durationValidator{}}},
			"become": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "How commands get root's privilege.",
				Attributes: map[string]schema.Attribute{
					"method": schema.StringAttribute{Required: true, MarkdownDescription: "`sudo`, the default: as they are for root, through `sudo -n` for others. `none`: as the user who logged in.",
						Validators: []validator.String{stringvalidator.OneOf(string(ssh.BecomeSudo), string(ssh.BecomeNone))}},
				}},
		},
	}
}

// sshConfig is what all masters have in common; unknown names the attribute whose value is not known yet.
func sshConfig(ctx context.Context, block types.Object) (c ssh.Config, unknown string, diags diag.Diagnostics) {
	c = ssh.Config{User: "root", Port: 22, Become: ssh.BecomeSudo}
	if block.IsUnknown() {
		return c, "ssh", nil
	}
	var m sshModel
	if !block.IsNull() {
		diags = block.As(ctx, &m, basetypes.ObjectAsOptions{})
	}
	if diags.HasError() {
		return c, "", diags
	}
	for name, v := range map[string]interface{ IsUnknown() bool }{
		"user": m.User, "port": m.Port, "private_key": m.PrivateKey, "private_key_file": m.PrivateKeyFile, "private_key_passphrase": m.PrivateKeyPassphrase,
		"password": m.Password, "agent": m.Agent, "known_hosts_file": m.KnownHostsFile, "timeout": m.Timeout, "become": m.Become,
	} {
		if v.IsUnknown() {
			return c, "ssh." + name, diags
		}
	}
	if m.User.ValueString() != "" {
		c.User = m.User.ValueString()
	}
	if !m.Port.IsNull() {
		c.Port = int(m.Port.ValueInt64())
	}
	c.PrivateKey, c.PrivateKeyFile, c.Passphrase = m.PrivateKey.ValueString(), m.PrivateKeyFile.ValueString(), m.PrivateKeyPassphrase.ValueString()
	c.Password, c.KnownHostsFile = m.Password.ValueString(), m.KnownHostsFile.ValueString()
	c.Agent = m.Agent.ValueBool() || m.Agent.IsNull() && c.PrivateKey == "" && c.PrivateKeyFile == "" && c.Password == ""
	c.Timeout, _ = time.ParseDuration(m.Timeout.ValueString())
	if !m.Become.IsNull() {
		var b becomeModel
		diags.Append(m.Become.As(ctx, &b, basetypes.ObjectAsOptions{})...)
		c.Become = ssh.Become(b.Method.ValueString())
	}
	return c, "", diags
}

// durationValidator wants a duration that is more than nothing.
type durationValidator struct{}

func (durationValidator) Description(context.Context) string {
	return `must be a positive duration such as "15s" or "2m"`
}

func (v durationValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v durationValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err != nil || d <= 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a Duration", "The value "+v.Description(ctx)+", and is: "+req.ConfigValue.ValueString())
	}
}
