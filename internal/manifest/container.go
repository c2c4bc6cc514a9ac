package manifest

import (
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// findEtcd chooses the container that runs etcd: by the program it starts,
// never by position, name or annotations.
func (m *Manifest) findEtcd() error {
	containers, err := fieldOf(m.spec, "containers", yaml.SequenceNode)
	if err != nil {
		return err
	}
	if len(items(containers)) == 0 {
		return at(ErrSyntax, m.spec.Line, "found no containers in the pod")
	}
	var wrapped error
	var seen []string
	for i, node := range containers.Content {
		if node.Kind != yaml.MappingNode || node.Anchor != "" {
			return at(
				ErrShape,
				node.Line,
				"found a container that is an alias, has an anchor or is no mapping; write it out",
			)
		}
		var p program
		if i < len(m.kubelet.Spec.Containers) {
			p = m.kubelet.Spec.Containers[i].program()
		}
		seen = append(seen, p.String())
		switch {
		case !p.isEtcd():
			if p.wrapsEtcd() {
				wrapped = at(
					ErrShell,
					node.Line,
					"found %s, which starts etcd by a shell script or another program, so that flags cannot be set "+
						"in the manifest; let the container start etcd directly",
					p,
				)
			}
		case m.container != nil:
			return at(
				ErrTwoEtcd,
				node.Line,
				"found a second one, the first is on line %d; split the pod, so that each etcd has a manifest of its "+
					"own",
				m.container.Line,
			)
		default:
			m.container, m.index = node, i
		}
	}
	switch {
	case m.container != nil:
		return nil
	case wrapped != nil:
		return wrapped
	case m.kubeletError != nil: // it may be in what could not be read
		return m.kubeletError
	}
	return fmt.Errorf("%w: found %s; name the manifest that runs the etcd binary", ErrNoEtcd, strings.Join(seen, ", "))
}

// program is what a container starts.
type program struct {
	name, image   string
	command, args []string
}

func (c kubeletContainer) program() program {
	return program{name: c.Name, image: c.Image, command: c.Command, args: c.Args}
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
// architectures of old (etcd-amd64) and the build of RKE2 (hardened-etcd).
func isEtcdImage(image string) bool {
	image, _, _ = strings.Cut(image, "@")
	base, _, _ := strings.Cut(path.Base(image), ":")
	switch base {
	case "etcd", "etcd-amd64", "etcd-arm", "etcd-arm64", "etcd-ppc64le", "etcd-s390x", "hardened-etcd":
		return true
	}
	return false
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
