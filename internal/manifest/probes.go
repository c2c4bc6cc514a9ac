package manifest

import "strings"

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
// with them.
func (m *Manifest) Probes() []Probe {
	c := m.kubeletContainer()
	var all []Probe
	for _, k := range []struct {
		kind  string
		probe *kubeletProbe
	}{{"startup", c.StartupProbe}, {"liveness", c.LivenessProbe}, {"readiness", c.ReadinessProbe}} {
		p := Probe{Kind: k.kind}
		switch {
		case k.probe == nil:
			continue
		case k.probe.HTTPGet != nil:
			get := k.probe.HTTPGet
			p.Scheme, p.Host, p.Port, p.Path = "http", get.Host, c.number(get.Port), get.Path
			if get.Scheme != "" {
				p.Scheme = strings.ToLower(get.Scheme)
			}
		case k.probe.TCPSocket != nil:
			p.Scheme, p.Host, p.Port = "tcp", k.probe.TCPSocket.Host, c.number(k.probe.TCPSocket.Port)
		case k.probe.GRPC != nil:
			p.Scheme, p.Port = "grpc", c.number(k.probe.GRPC.Port)
		case k.probe.Exec != nil:
			p.Command = k.probe.Exec.Command
		default:
			continue
		}
		all = append(all, p)
	}
	return all
}

// number is that of a port that may be given by the name of one of the container's.
func (c kubeletContainer) number(given port) string {
	for _, p := range c.Ports {
		if p.Name == string(given) {
			return string(p.ContainerPort)
		}
	}
	return string(given)
}
