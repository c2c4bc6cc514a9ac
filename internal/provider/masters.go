package provider

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// connection is how one master is reached and where things are on it: all that is not secret and not the same for all.
type connection struct {
	Host          string `tfsdk:"host"`
	Port          int64  `tfsdk:"port"`
	User          string `tfsdk:"user"`
	HostKey       string `tfsdk:"host_key"`
	KubeletConfig string `tfsdk:"kubelet_config"`
	ManifestDir   string `tfsdk:"manifest_dir"`
	WorkDir       string `tfsdk:"work_dir"`
}

func connectionType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{
		"host": types.StringType, "port": types.Int64Type, "user": types.StringType, "host_key": types.StringType,
		"kubelet_config": types.StringType, "manifest_dir": types.StringType, "work_dir": types.StringType,
	}}
}

// masters is the provider's data: one SSH connection to each master, shared by everything, and one change to a cluster at a time.
type masters struct {
	config  ssh.Config
	unknown string // the attribute of the provider block that is not known yet
	now     func() time.Time
	watch
	turns turns

	mu      sync.Mutex
	clients map[connection]*ssh.Client
}

func newMasters(ctx context.Context, block types.Object, w watch) (*masters, diag.Diagnostics) {
	config, unknown, diags := sshConfig(ctx, block)
	return &masters{config: config, unknown: unknown, now: time.Now, watch: w, clients: map[connection]*ssh.Client{}}, diags
}

// check refuses when the provider block is not known yet.
func (m *masters) check() error {
	if m == nil || m.unknown == "" {
		return nil
	}
	return &recovery.Refusal{Title: "Provider Configuration Is Not Known Yet", Found: fmt.Sprintf("the provider's %s depends on something that is made by this same apply.", m.unknown),
		Next: "give it a fixed value, or apply what it depends on first (terraform apply -target=…)."}
}

// node gives a master over the one connection to it.
func (m *masters) node(name string, c connection) *node.Node {
	m.mu.Lock()
	defer m.mu.Unlock()
	client := m.clients[c]
	if client == nil {
		config := m.config
		config.Host, config.HostKey = c.Host, c.HostKey
		if c.Port != 0 {
			config.Port = int(c.Port)
		}
		if c.User != "" {
			config.User = c.User
		}
		client = ssh.New(config)
		m.clients[c] = client
	}
	return node.New(node.Settings{Name: name, KubeletConfig: c.KubeletConfig, ManifestDir: c.ManifestDir, WorkDir: c.WorkDir}, client)
}

func (m *masters) nodes(all map[string]connection) map[string]*node.Node {
	nodes := map[string]*node.Node{}
	for name, c := range all {
		nodes[name] = m.node(name, c)
	}
	return nodes
}

// address is where a master's SSH server is, by which two names of one master are found out.
func (m *masters) address(c connection) string {
	config := m.config
	config.Host = c.Host
	if c.Port != 0 {
		config.Port = int(c.Port)
	}
	return config.Addr()
}
