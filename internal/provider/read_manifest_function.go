package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
)

type readManifest struct{}

func newReadManifest() function.Function { return readManifest{} }

func (readManifest) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "read_manifest"
}

func (readManifest) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	strings := types.ListType{ElemType: types.StringType}
	resp.Definition = function.Definition{
		Summary: "Reads etcd's settings from a manifest",
		MarkdownDescription: "Reads a static pod manifest that runs etcd, as the survey does: the container by the " +
			"program that it starts, its flags in every form that etcd takes, `ETCD_…` variables, " +
			"and `$(VARIABLES)` of the container put in. A manifest that cannot be edited safely, or that belongs to " +
			"a distribution with its own recovery, is refused with the reason.\n\n" +
			"| Attribute | |\n|---|---|\n" +
			"| `namespace`, `pod_name`, `container_name`, `image` | of the pod and its etcd container |\n" +
			"| `name`, `data_dir` | of the member; the path is the container's |\n" +
			"| `wal_dir` | null when the log is in the data directory |\n" +
			"| `peer_urls`, `listen_peer_urls`, `client_urls`, `listen_client_urls`, `metrics_urls` | lists; with " +
			"etcd's defaults where nothing is set |\n" +
			"| `initial_cluster`, `initial_cluster_state` | what was true when the manifest was written, no list of " +
			"members |\n" +
			"| `force_new_cluster` | whether etcd would throw out all other members at its next start |\n" +
			"| `settings` | map of every setting, as a flag without dashes, to the value that counts |\n" +
			"| `host_paths` | map of those settings that are paths, to where they are on the master |\n" +
			"| `feature_gates` | map of names to booleans |\n" +
			"| `probes` | list of `{ kind, scheme, host, port, path, command }`: startup, liveness, readiness |",
		Parameters: []function.Parameter{manifestParameter()},
		Return: function.ObjectReturn{AttributeTypes: map[string]attr.Type{
			"namespace":             types.StringType,
			"pod_name":              types.StringType,
			"container_name":        types.StringType,
			"image":                 types.StringType,
			"name":                  types.StringType,
			"data_dir":              types.StringType,
			"wal_dir":               types.StringType,
			"peer_urls":             strings,
			"listen_peer_urls":      strings,
			"client_urls":           strings,
			"listen_client_urls":    strings,
			"metrics_urls":          strings,
			"initial_cluster":       types.StringType,
			"initial_cluster_state": types.StringType,
			"force_new_cluster":     types.BoolType,
			"settings":              types.MapType{ElemType: types.StringType},
			"host_paths":            types.MapType{ElemType: types.StringType},
			"feature_gates":         types.MapType{ElemType: types.BoolType},
			"probes": types.ListType{ElemType: types.ObjectType{AttrTypes: map[string]attr.Type{
				"kind":    types.StringType,
				"scheme":  types.StringType,
				"host":    types.StringType,
				"port":    types.StringType,
				"path":    types.StringType,
				"command": strings,
			}}},
		}},
	}
}

// manifestValue is what read_manifest gives.
type manifestValue struct {
	Namespace           string            `tfsdk:"namespace"`
	PodName             string            `tfsdk:"pod_name"`
	ContainerName       string            `tfsdk:"container_name"`
	Image               string            `tfsdk:"image"`
	Name                string            `tfsdk:"name"`
	DataDir             string            `tfsdk:"data_dir"`
	WALDir              *string           `tfsdk:"wal_dir"` // null when it is in the data directory
	PeerURLs            []string          `tfsdk:"peer_urls"`
	ListenPeerURLs      []string          `tfsdk:"listen_peer_urls"`
	ClientURLs          []string          `tfsdk:"client_urls"`
	ListenClientURLs    []string          `tfsdk:"listen_client_urls"`
	MetricsURLs         []string          `tfsdk:"metrics_urls"`
	InitialCluster      string            `tfsdk:"initial_cluster"`
	InitialClusterState string            `tfsdk:"initial_cluster_state"`
	ForceNewCluster     bool              `tfsdk:"force_new_cluster"`
	Settings            map[string]string `tfsdk:"settings"`
	HostPaths           map[string]string `tfsdk:"host_paths"`
	FeatureGates        map[string]bool   `tfsdk:"feature_gates"`
	Probes              []probeValue      `tfsdk:"probes"`
}

type probeValue struct {
	Kind    string   `tfsdk:"kind"`
	Scheme  string   `tfsdk:"scheme"`
	Host    string   `tfsdk:"host"`
	Port    string   `tfsdk:"port"`
	Path    string   `tfsdk:"path"`
	Command []string `tfsdk:"command"`
}

func (readManifest) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	m, err := manifest.Parse([]byte(text))
	if err != nil {
		resp.Error = refusedManifest(err)
		return
	}
	resp.Error = resp.Result.Set(ctx, valueOf(m))
}

func valueOf(m *manifest.Manifest) manifestValue {
	v := manifestValue{
		Namespace:           m.Namespace(),
		PodName:             m.PodName(),
		ContainerName:       m.ContainerName(),
		Image:               m.Image(),
		Name:                m.Name(),
		DataDir:             m.DataDir(),
		PeerURLs:            orEmpty(m.PeerURLs()),
		ListenPeerURLs:      orEmpty(m.ListenPeerURLs()),
		ClientURLs:          orEmpty(m.ClientURLs()),
		ListenClientURLs:    orEmpty(m.ListenClientURLs()),
		MetricsURLs:         orEmpty(m.MetricsURLs()),
		InitialCluster:      m.InitialCluster(),
		InitialClusterState: m.InitialClusterState(),
		ForceNewCluster:     m.Forced(),
		Settings:            m.Settings(),
		HostPaths:           m.HostPaths(),
		FeatureGates:        m.FeatureGates(),
		Probes:              []probeValue{},
	}
	if dir := m.WALDir(); dir != "" {
		v.WALDir = &dir
	}
	for _, p := range m.Probes() {
		v.Probes = append(
			v.Probes,
			probeValue{
				Kind:    p.Kind,
				Scheme:  p.Scheme,
				Host:    p.Host,
				Port:    p.Port,
				Path:    p.Path,
				Command: orEmpty(p.Command),
			},
		)
	}
	return v
}

// orEmpty is a list that is never null.
func orEmpty(list []string) []string { return append([]string{}, list...) }
