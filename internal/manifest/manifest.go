package manifest

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Manifest is a static pod manifest with one etcd container, read.
type Manifest struct {
	source    source
	kubelet   *kubeletPod // as the kubelet reads it
	root      *yaml.Node
	metadata  *yaml.Node
	nameNode  *yaml.Node
	spec      *yaml.Node
	container *yaml.Node

	namespace, podName   string
	containerName, image string
	index                int // of the etcd container
	argv                 []argument
	options              []option
	environment          environment
	mounts               []mount

	kubeletError error // why the kubelet would not read it
}

// Parse reads a static pod manifest. The error wraps one of the package's
// sentinels and says what was found, on which line, and what to do.
func Parse(text []byte) (*Manifest, error) {
	m := &Manifest{source: newSource(text)}
	if len(text) > maxSize {
		return nil, fmt.Errorf("%w: the file has %d bytes, the kubelet reads at most %d", ErrSyntax, len(text), maxSize)
	}
	for _, read := range []func() error{
		m.source.checkBreaks,
		m.readPod,
		m.checkDistribution,
		m.readContainer,
		m.checkMirror,
		m.readFlags,
		m.readVolumes,
		m.checkKubelet,
	} {
		switch err := read(); {
		case errors.Is(err, ErrShape) && !concernsEtcd(text):
			return nil, fmt.Errorf(
				"%w: nothing found in it starts etcd, though it cannot be read in full: %v",
				ErrNoEtcd,
				err, //nolint:errorlint // it is not about etcd, so its reason must not match
			)
		case err != nil:
			return nil, err
		}
	}
	return m, nil
}

// readPod reads what makes the text a Pod.
func (m *Manifest) readPod() error {
	root, err := parseDocument(m.source.text)
	if err != nil {
		return err
	}
	if root.Kind != yaml.MappingNode {
		return at(ErrNotPod, root.Line, "found %s; name the file that holds the etcd pod", kindName(root.Kind))
	}
	m.root = root
	m.kubelet, m.kubeletError = readAsKubelet(m.source.text)
	kind, _, err := textField(root, "kind")
	if err != nil {
		return err
	}
	version, _, err := textField(root, "apiVersion")
	if err != nil {
		return err
	}
	if kind != "Pod" || version != "v1" {
		return at(
			ErrNotPod,
			root.Line,
			"found kind %q, apiVersion %q; name the file that holds the etcd pod",
			kind,
			version,
		)
	}
	if m.metadata, err = fieldOf(root, "metadata", yaml.MappingNode); err != nil {
		return err
	}
	if m.spec, err = fieldOf(root, "spec", yaml.MappingNode); err != nil {
		return err
	}
	if m.metadata == nil || m.spec == nil {
		return at(ErrSyntax, root.Line, "found a pod without metadata or spec; put the manifest back from a backup")
	}
	if m.podName, m.nameNode, err = textField(m.metadata, "name"); err != nil {
		return err
	}
	if m.podName == "" {
		return at(ErrSyntax, m.metadata.Line, "found no metadata.name; the kubelet refuses such a pod")
	}
	if m.namespace, _, err = textField(m.metadata, "namespace"); err != nil {
		return err
	}
	if m.namespace == "" {
		m.namespace = defaultNamespace
	}
	return nil
}

// readContainer reads the etcd container, not yet its flags.
func (m *Manifest) readContainer() error {
	var err error
	if err = m.findEtcd(); err != nil {
		return err
	}
	if m.containerName, _, err = textField(m.container, "name"); err != nil {
		return err
	}
	if m.image, _, err = textField(m.container, "image"); err != nil {
		return err
	}
	if m.environment, err = readEnvironment(m.container, m.kubeletContainer()); err != nil {
		return err
	}
	m.argv, err = readArgv(m.container, m.environment.values)
	return err
}

// readFlags reads the flags, and refuses settings that are in a file, or given twice.
func (m *Manifest) readFlags() error {
	from := 1
	if len(m.argv) > 0 && strings.HasPrefix(m.argv[0].value, "-") {
		from = 0 // args behind the image's own entrypoint
	}
	var err error
	if m.options, err = readOptions(m.argv, from); err != nil {
		return err
	}
	for _, o := range m.options {
		if o.name == flagConfigFile && o.value != "" {
			return at(
				ErrConfigFile,
				m.argv[o.first].line(),
				"found --%s=%s: etcd ignores all flags; write the settings as flags",
				o.name,
				o.value,
			)
		}
		if v, both := m.environment.settings[o.name]; both {
			return at(
				ErrEnvironment,
				v.line,
				"found %s beside --%s: etcd does not start with both; remove the one that is not meant",
				v.name,
				o.name,
			)
		}
	}
	if len(m.argv) == 0 && len(m.environment.settings) == 0 {
		return at(
			ErrShape,
			m.container.Line,
			"found neither command nor args: etcd runs with its defaults; write its command line out",
		)
	}
	return nil
}

// Namespace is the pod's namespace, "default" when the text has none.
func (m *Manifest) Namespace() string { return m.namespace }

// PodName is the pod's name in the text. The kubelet appends the node's name.
func (m *Manifest) PodName() string { return m.podName }

// ContainerName is the name of the etcd container.
func (m *Manifest) ContainerName() string { return m.containerName }

// Image is the image of the etcd container.
func (m *Manifest) Image() string { return m.image }

// HostNetwork tells whether the pod has the node's own addresses.
func (m *Manifest) HostNetwork() bool { return m.kubelet.Spec.HostNetwork }

// SamePod tells whether both are one pod to the kubelet: same namespace, same
// name. Two files with one pod have an undefined result.
func (m *Manifest) SamePod(other *Manifest) bool {
	return m.namespace == other.namespace && m.podName == other.podName
}
