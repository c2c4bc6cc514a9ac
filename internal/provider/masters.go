package provider

import (
	"context"
	"fmt"
	"os"
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
	SSH           values `tfsdk:"ssh"` // the node's own settings
	KubeletConfig string `tfsdk:"kubelet_config"`
	ManifestDir   string `tfsdk:"manifest_dir"`
	Manifest      string `tfsdk:"manifest"`
	WorkDir       string `tfsdk:"work_dir"`
}

func connectionType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{
		"host": types.StringType, "ssh": types.MapType{ElemType: types.StringType},
		"kubelet_config": types.StringType, "manifest_dir": types.StringType,
		"manifest": types.StringType, "work_dir": types.StringType,
	}}
}

// masters is the provider's data: one SSH connection to each master, shared by everything, and one change to a cluster
// at a time.
type masters struct {
	settings layers // of the provider's block, and of the environment
	unknown  string // the attribute of the provider block that is not known yet
	now      func() time.Time
	watch
	turns turns

	mu      sync.Mutex
	clients map[string]*ssh.Client
}

func newMasters(block types.Object, w watch) (*masters, diag.Diagnostics) {
	m := &masters{now: time.Now, watch: w, clients: map[string]*ssh.Client{}}
	environment, diags := valuesOfEnvironment(os.Getenv)
	own, unknown := valuesOf(block.Attributes())
	switch {
	case block.IsUnknown():
		m.unknown = "ssh"
	case unknown != "":
		m.unknown = "ssh." + unknown
	}
	m.settings = layers{own, environment}
	return m, diags
}

// check refuses when the provider block is not known yet.
func (m *masters) check() error {
	if m == nil || m.unknown == "" {
		return nil
	}
	return &recovery.Refusal{
		Code:  recovery.CodeProviderUnknown,
		Title: "Provider Configuration Is Not Known Yet",
		Found: fmt.Sprintf("the provider's %s depends on something that is made by this same apply.", m.unknown),
		Next:  "give it a fixed value, or apply what it depends on first (terraform apply -target=…).",
	}
}

// of are the settings for one master.
func (m *masters) of(c connection) layers { return append(layers{c.SSH}, m.settings...) }

// node gives a master over the one connection to it.
func (m *masters) node(name string, c connection) *node.Node {
	client := m.client(fmt.Sprint("master ", c.Host, c.SSH), func() *ssh.Client {
		return ssh.NewLazy(func(ctx context.Context) (ssh.Config, *ssh.Client, error) {
			config, hops, err := m.of(c).way(ctx, c.Host)
			return config, m.jump(hops), err
		})
	})
	return node.New(
		node.Settings{
			Name:          name,
			Host:          c.Host,
			KubeletConfig: c.KubeletConfig,
			ManifestDir:   c.ManifestDir,
			Manifest:      c.Manifest,
			WorkDir:       c.WorkDir,
		},
		client,
	)
}

// jump gives the last of these jump hosts, over the one connection to it; nil for none.
func (m *masters) jump(hops []ssh.Config) *ssh.Client {
	var via *ssh.Client
	for i, hop := range hops {
		before := via
		via = m.client(fmt.Sprint("jump ", hops[:i+1]), func() *ssh.Client { return ssh.New(hop, before) })
	}
	return via
}

// client gives the one client under that name.
func (m *masters) client(name string, create func() *ssh.Client) *ssh.Client {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.clients[name] == nil {
		m.clients[name] = create()
	}
	return m.clients[name]
}

func (m *masters) nodes(all map[string]connection) map[string]*node.Node {
	nodes := map[string]*node.Node{}
	for name, c := range all {
		nodes[name] = m.node(name, c)
	}
	return nodes
}

// address is where a master's SSH server is, by which two names of one master are found out.
func (m *masters) address(c connection) string { return m.of(c).config(c.Host).Addr() }
