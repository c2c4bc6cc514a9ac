package manifest

import (
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// findEtcd chooses the container that runs etcd: by the program it starts,
// never by position, name or annotations.
func findEtcd(spec *yaml.Node) (*yaml.Node, error) {
	containers, err := fieldOf(spec, "containers", yaml.SequenceNode)
	if err != nil {
		return nil, err
	}
	if containers == nil || len(containers.Content) == 0 {
		return nil, at(ErrSyntax, spec.Line, "found no containers in the pod")
	}
	var found, wrapped *yaml.Node
	var seen []string
	for _, c := range containers.Content {
		if c.Kind != yaml.MappingNode || c.Anchor != "" {
			return nil, at(ErrShape, c.Line, "found a container that is an alias, has an anchor or is no mapping; write it out")
		}
		p, err := readProgram(c)
		if err != nil {
			return nil, err
		}
		seen = append(seen, p.String())
		switch {
		case !p.isEtcd():
			if p.wrapsEtcd() {
				wrapped = c
			}
		case found != nil:
			return nil, at(ErrTwoEtcd, c.Line, "found a second one, the first is on line %d; split the pod, so that each etcd has a manifest of its own", found.Line)
		default:
			found = c
		}
	}
	switch {
	case found != nil:
		return found, nil
	case wrapped != nil:
		return nil, at(ErrShell, wrapped.Line, "found a container that starts etcd by a shell script or another program, so that flags cannot be set in the manifest; let the container start etcd directly")
	default:
		return nil, fmt.Errorf("%w: found %s; name the manifest that runs the etcd binary", ErrNoEtcd, strings.Join(seen, ", "))
	}
}

// program is what a container starts, read leniently: it may be a container
// that is none of our business.
type program struct {
	name, image   string
	command, args []string
}

func readProgram(container *yaml.Node) (program, error) {
	var p program
	for _, f := range []struct {
		key  string
		kind yaml.Kind
		to   any
	}{
		{"name", yaml.ScalarNode, &p.name},
		{"image", yaml.ScalarNode, &p.image},
		{"command", yaml.SequenceNode, &p.command},
		{"args", yaml.SequenceNode, &p.args},
	} {
		value, err := fieldOf(container, f.key, f.kind)
		if err != nil {
			return program{}, err
		}
		if value == nil {
			continue
		}
		if err := decode(value, f.to); err != nil {
			return program{}, err
		}
	}
	return p, nil
}

func (p program) argv() []string {
	return append(append([]string(nil), p.command...), p.args...)
}

// isEtcd tells whether the container runs an etcd server.
func (p program) isEtcd() bool {
	argv := p.argv()
	if len(p.command) == 0 && isEtcdImage(p.image) {
		// The image's entrypoint or default command is etcd.
		return len(argv) == 0 || strings.HasPrefix(argv[0], "-") || isServer(argv)
	}
	return isServer(argv)
}

// isServer tells whether a command line is etcd without a sub-command. Only the
// first argument can be one (etcd server/etcdmain/main.go).
func isServer(argv []string) bool {
	if len(argv) == 0 || path.Base(argv[0]) != "etcd" {
		return false
	}
	return len(argv) == 1 || argv[1] != "gateway" && argv[1] != "grpc-proxy"
}

// isEtcdImage knows images whose entrypoint is etcd: .../etcd, the
// architectures of old (etcd-amd64) and builds of vendors (hardened-etcd).
func isEtcdImage(image string) bool {
	image, _, _ = strings.Cut(image, "@")
	base, _, _ := strings.Cut(path.Base(image), ":")
	switch base {
	case "etcd", "etcd-amd64", "etcd-arm", "etcd-arm64", "etcd-ppc64le", "etcd-s390x":
		return true
	}
	return strings.HasSuffix(base, "-etcd")
}

func (p program) String() string {
	argv := p.argv()
	if len(argv) == 0 {
		return fmt.Sprintf("container %q (image %q)", p.name, p.image)
	}
	return fmt.Sprintf("container %q (starts %q)", p.name, firstLine(argv[0]))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	if len(line) > 60 {
		return line[:60] + "..."
	}
	return line
}
