package manifest

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Probe is how the kubelet asks whether etcd works. It restarts a container
// whose startup or liveness probe fails.
type Probe struct {
	Kind    string   // startup, liveness or readiness
	Scheme  string   // http, https, tcp or grpc; "" for a command
	Host    string   // "" for the pod's own address
	Port    string   // the number, also where the manifest has a port's name
	Path    string   // of http and https
	Command []string // instead of all these
}

// Probes are the container's probes, in the order in which the kubelet begins
// with them. One that cannot be read is left out: the kubelet refuses the pod.
func (m *Manifest) Probes() []Probe {
	var all []Probe
	for _, kind := range []string{"startup", "liveness", "readiness"} {
		probe := lookUp(m.container, kind+"Probe", maxFollowed)
		p := Probe{Kind: kind}
		switch http, tcp, grpc, exec := lookUp(probe, "httpGet", maxFollowed), lookUp(probe, "tcpSocket", maxFollowed), lookUp(probe, "grpc", maxFollowed), lookUp(probe, "exec", maxFollowed); {
		case http != nil:
			p.Scheme = strings.ToLower(wordOf(lookUp(http, "scheme", maxFollowed)))
			if p.Scheme == "" {
				p.Scheme = "http"
			}
			p.Host, p.Port, p.Path = wordOf(lookUp(http, "host", maxFollowed)), m.port(lookUp(http, "port", maxFollowed)), wordOf(lookUp(http, "path", maxFollowed))
		case tcp != nil:
			p.Scheme, p.Host, p.Port = "tcp", wordOf(lookUp(tcp, "host", maxFollowed)), m.port(lookUp(tcp, "port", maxFollowed))
		case grpc != nil:
			p.Scheme, p.Port = "grpc", m.port(lookUp(grpc, "port", maxFollowed))
		case exec != nil:
			p.Command = wordsOf(lookUp(exec, "command", maxFollowed))
		default:
			continue
		}
		all = append(all, p)
	}
	return all
}

// port is the number of a port that may be given by the name of one of the container's.
func (m *Manifest) port(given *yaml.Node) string {
	name := wordOf(given)
	for _, p := range items(lookUp(m.container, "ports", maxFollowed)) {
		if wordOf(lookUp(p, "name", maxFollowed)) == name {
			return wordOf(lookUp(p, "containerPort", maxFollowed))
		}
	}
	return name
}

// FeatureGates are those that the manifest switches on or off (--feature-gates, etcd 3.6 and later).
func (m *Manifest) FeatureGates() map[string]bool {
	gates := map[string]bool{}
	for _, one := range split(m.flagOr(flagFeatureGates, "")) {
		name, value, _ := strings.Cut(one, "=")
		if on, err := strconv.ParseBool(strings.TrimSpace(value)); err == nil {
			gates[strings.TrimSpace(name)] = on
		}
	}
	return gates
}

// Settings are all settings of etcd in the manifest, as flags without dashes
// with the values that count, wherever they are given.
func (m *Manifest) Settings() map[string]string {
	all := map[string]string{}
	for _, o := range m.options {
		all[o.name] = o.value
	}
	for flag, v := range m.environment.settings {
		if v.value != "" {
			all[flag] = v.value
		}
	}
	return all
}
