package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasource "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	provider "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// setting is one of those that say how a master is reached. It can stand in the node, in the provider's ssh block, in
// the environment and, under OpenSSH's own name, in OpenSSH's configuration. The names are those of Terraform's
// connection block where that has one.
type setting struct {
	name  string
	kind  attr.Type
	where where
	check func(string) error // nil where every value can be meant
	text  string
}

// where a setting can stand besides the environment.
type where int

const (
	everywhere where = iota
	secret           // in the provider's block alone, for a node's settings are kept in the state
	forAll           // in the provider's block alone
	ofNode           // in the node alone, and not in the environment
)

// settings are all there are, in the order of the documentation.
func settings() []setting {
	return []setting{
		{name: "user", kind: types.StringType, text: "Login name; `root` when nothing says otherwise."},
		{name: "port", kind: types.Int64Type, check: isPort, text: "Port; 22 when nothing says otherwise."},
		{
			name:  "private_key",
			kind:  types.StringType,
			where: secret,
			text:  "Private key (PEM). Only this key is offered then.",
		},
		{
			name: "private_key_file",
			kind: types.StringType,
			text: "File of the private key; `~/` is the home folder. Only this key is offered then.",
		},
		{
			name:  "private_key_passphrase",
			kind:  types.StringType,
			where: secret,
			text:  "Passphrase of an encrypted private key.",
		},
		{
			name: "certificate",
			kind: types.StringType,
			text: "OpenSSH certificate for the private key: its text, or its file. When left out, the file beside " +
				"`private_key_file` that ends in `-cert.pub`, if it is there.",
		},
		{
			name:  "password",
			kind:  types.StringType,
			where: secret,
			text:  "Password, offered after the keys, also where the server asks for it itself (keyboard-interactive).",
		},
		{
			name:  "agent",
			kind:  types.BoolType,
			check: isBool,
			text:  "Offer the keys of an SSH agent. True when no key and no password is given.",
		},
		{
			name: "agent_identity",
			kind: types.StringType,
			text: "The only key of the agent to offer: a file with the public key, its fingerprint (`SHA256:…`) or " +
				"its comment. Needed where an agent has more keys than the server's `MaxAuthTries`.",
		},
		{name: "agent_socket", kind: types.StringType, text: "Socket of the agent; `SSH_AUTH_SOCK` when left out."},
		{
			name:  "host_key",
			kind:  types.StringType,
			where: ofNode,
			text: "The master's public host key, such as `ssh-ed25519 AAAA…`, instead of a line in the known hosts " +
				"file.",
		},
		{
			name: "known_hosts_file",
			kind: types.StringType,
			text: "Known hosts; `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts` when left out. Host keys are " +
				"always checked; a node may give its `host_key` instead.",
		},
		{
			name:  "insecure_ignore_host_key",
			kind:  types.BoolType,
			where: forAll,
			check: isBool,
			text: "Take any host key. Whoever is between you and a master can then read and change what you send. " +
				"Every plan warns of it.",
		},
		{
			name:  "timeout",
			kind:  types.StringType,
			check: isDuration,
			text: "Bound on connecting to a master, as a duration such as `\"15s\"`, the default. A master that " +
				"does not answer within it counts as silent.",
		},
		{
			name:  "keepalive",
			kind:  types.StringType,
			check: isDuration,
			text: "Time between two signs of life; `\"5s\"` by default. A connection that leaves one unanswered for " +
				"three times as long is given up.",
		},
		{
			name:  "max_sessions",
			kind:  types.Int64Type,
			check: isCount,
			text: "Commands at a time on a master's one connection; 8 by default. Fewer are taken of themselves " +
				"where sshd's `MaxSessions` allows fewer.",
		},
		{
			name:  "use_ssh_config",
			kind:  types.BoolType,
			check: isBool,
			text:  "Read `~/.ssh/config` and `/etc/ssh/ssh_config`, by way of `ssh -G`. True where `ssh` is installed.",
		},
		{
			name: "bastion_host",
			kind: types.StringType,
			text: "Jump host on the way to the master. It goes before a `ProxyJump` of OpenSSH's configuration. All " +
				"masters behind it share one connection to it.",
		},
		{
			name:  "bastion_port",
			kind:  types.Int64Type,
			check: isPort,
			text:  "Port of the jump host; that of the master when left out.",
		},
		{
			name: "bastion_user",
			kind: types.StringType,
			text: "Login name on the jump host; that on the master when left out.",
		},
		{
			name: "bastion_host_key",
			kind: types.StringType,
			text: "The jump host's public host key, instead of a line in the known hosts file.",
		},
		{
			name:  "bastion_private_key",
			kind:  types.StringType,
			where: secret,
			text: "Private key (PEM) for the jump host; the key for the master when no key for the jump host is " +
				"given.",
		},
		{name: "bastion_private_key_file", kind: types.StringType, text: "As `bastion_private_key`, from a file."},
		{
			name:  "bastion_private_key_passphrase",
			kind:  types.StringType,
			where: secret,
			text:  "Passphrase of the jump host's private key; that of the master's when left out.",
		},
		{
			name: "bastion_certificate",
			kind: types.StringType,
			text: "Certificate for the jump host's private key, as `certificate`.",
		},
		{
			name:  "bastion_password",
			kind:  types.StringType,
			where: secret,
			text:  "Password on the jump host; that on the master when left out.",
		},
		{
			name:  "become_method",
			kind:  types.StringType,
			check: isBecome,
			text: "How commands get root's privilege. `sudo`, the default: as they are for root, through `sudo` for " +
				"others, without a password or with `become_password`. `doas`: as `sudo`, with `doas -n`. `none`: as " +
				"the user who logged in.",
		},
		{
			name:  "become_password",
			kind:  types.StringType,
			where: secret,
			text:  "Password that `sudo` asks for. It goes through standard input and is never in a list of arguments.",
		},
	}
}

// environment is the variable that stands for a setting.
func (s setting) environment() string { return "ETCDRECOVERY_SSH_" + strings.ToUpper(s.name) }

// providerAttributes are those of the provider's ssh block.
func providerAttributes() map[string]provider.Attribute {
	all := map[string]provider.Attribute{}
	for _, s := range settings() {
		text := fmt.Sprintf("%s Environment: `%s`.", s.text, s.environment())
		switch {
		case s.where == ofNode:
		case s.kind == types.BoolType:
			all[s.name] = provider.BoolAttribute{
				Optional:            true,
				MarkdownDescription: text,
			}
		case s.kind == types.Int64Type:
			all[s.name] = provider.Int64Attribute{
				Optional:            true,
				MarkdownDescription: text,
				Validators:          []validator.Int64{s},
			}
		default:
			all[s.name] = provider.StringAttribute{
				Optional:            true,
				MarkdownDescription: text,
				Sensitive:           s.where == secret,
				Validators:          []validator.String{s},
			}
		}
	}
	return all
}

// ofNodes tells whether a node may have it.
func (s setting) ofNodes() bool { return s.where == everywhere || s.where == ofNode }

// nodeAttributes are those of a node.
func nodeAttributes() map[string]datasource.Attribute {
	all := map[string]datasource.Attribute{}
	for _, s := range settings() {
		text := fmt.Sprintf("As `%s` of the provider's `ssh` block, for this node.", s.name)
		if s.where == ofNode {
			text = s.text
		}
		switch {
		case !s.ofNodes():
		case s.kind == types.BoolType:
			all[s.name] = datasource.BoolAttribute{
				Optional:            true,
				MarkdownDescription: text,
			}
		case s.kind == types.Int64Type:
			all[s.name] = datasource.Int64Attribute{
				Optional:            true,
				MarkdownDescription: text,
				Validators:          []validator.Int64{s},
			}
		default:
			all[s.name] = datasource.StringAttribute{
				Optional:            true,
				MarkdownDescription: text,
				Validators:          []validator.String{s},
			}
		}
	}
	return all
}

// values are settings as they were given in one place. What is not there was not given; nil where there is nothing.
type values map[string]string

func (v *values) set(name, text string) {
	if *v == nil {
		*v = values{}
	}
	(*v)[name] = text
}

// valuesOf reads the settings among the attributes of a block or a node; unknown names one whose value is not known
// yet.
func valuesOf(attrs map[string]attr.Value) (given values, unknown string) {
	for _, s := range settings() {
		v := attrs[s.name]
		switch {
		case v == nil || v.IsNull():
			continue
		case v.IsUnknown():
			return given, s.name
		}
		text := ""
		switch v := v.(type) {
		case types.String:
			text = v.ValueString()
		case types.Int64:
			text = strconv.FormatInt(v.ValueInt64(), 10)
		case types.Bool:
			text = strconv.FormatBool(v.ValueBool())
		}
		if text != "" {
			given.set(s.name, text)
		}
	}
	return given, ""
}

// valuesOfEnvironment reads those that stand in the environment.
func valuesOfEnvironment(getenv func(string) string) (values, diag.Diagnostics) {
	var given values
	var diags diag.Diagnostics
	for _, s := range settings() {
		text := getenv(s.environment())
		if s.where == ofNode || text == "" {
			continue
		}
		if err := s.valid(text); err != nil {
			diags.AddError(
				"Environment Not Understood",
				fmt.Sprintf("%s is %q: it %v. Set it right, or unset it.", s.environment(), text, err),
			)
			continue
		}
		given.set(s.name, text)
	}
	return given, diags
}

func (s setting) valid(text string) error {
	if s.check == nil {
		return nil
	}
	return s.check(text)
}

// A setting is its own validator.
var (
	_ validator.String = setting{}
	_ validator.Int64  = setting{}
)

// Description is for both kinds of validator.
func (s setting) Description(context.Context) string { return s.text }

// MarkdownDescription is for both kinds of validator.
func (s setting) MarkdownDescription(context.Context) string { return s.text }

// ValidateString checks a value of the configuration.
func (s setting) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if !req.ConfigValue.IsNull() && !req.ConfigValue.IsUnknown() {
		s.validate(req.Path, req.ConfigValue.ValueString(), &resp.Diagnostics)
	}
}

// ValidateInt64 checks a value of the configuration.
func (s setting) ValidateInt64(_ context.Context, req validator.Int64Request, resp *validator.Int64Response) {
	if !req.ConfigValue.IsNull() && !req.ConfigValue.IsUnknown() {
		s.validate(req.Path, strconv.FormatInt(req.ConfigValue.ValueInt64(), 10), &resp.Diagnostics)
	}
}

func (s setting) validate(at path.Path, text string, diags *diag.Diagnostics) {
	if err := s.valid(text); err != nil {
		diags.AddAttributeError(at, "Setting Not Understood", fmt.Sprintf("%s is %q: it %v.", s.name, text, err))
	}
}

func isPort(text string) error {
	if n, err := strconv.Atoi(text); err != nil || n < 1 || n > 65535 {
		return errors.New("must be a port, from 1 to 65535")
	}
	return nil
}

func isCount(text string) error {
	if n, err := strconv.Atoi(text); err != nil || n < 1 || n > 1000 {
		return errors.New("must be a number from 1 to 1000")
	}
	return nil
}

func isBool(text string) error {
	if _, err := strconv.ParseBool(text); err != nil {
		return errors.New("must be true or false")
	}
	return nil
}

func isDuration(text string) error {
	if d, err := time.ParseDuration(text); err != nil || d <= 0 {
		return errors.New(`must be a positive duration such as "15s" or "2m"`)
	}
	return nil
}

func isBecome(text string) error {
	if !slices.Contains([]ssh.Become{ssh.BecomeSudo, ssh.BecomeDoas, ssh.BecomeNone}, ssh.Become(text)) {
		return errors.New("must be sudo, doas or none")
	}
	return nil
}
