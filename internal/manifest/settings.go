package manifest

import (
	"path"
	"strconv"
	"strings"
)

// The defaults of etcd 3.4 to 3.7 (server/embed/config.go).
const (
	defaultName                = "default"
	defaultPeerURLs            = "http://localhost:2380"
	defaultClientURLs          = "http://localhost:2379"
	defaultInitialClusterState = "new"
)

// PKI holds the paths of etcd's certificates and keys in the container. A file
// that is not set is "".
type PKI struct {
	CertFile          string
	KeyFile           string
	TrustedCAFile     string
	PeerCertFile      string
	PeerKeyFile       string
	PeerTrustedCAFile string
}

// Flag is the value of a flag, named without dashes, on the command line or in
// the environment. Of several the last one wins, as in Go's flag package; only
// feature gates add up. A boolean flag without a value is "true".
func (m *Manifest) Flag(name string) (string, bool) {
	value, found := m.Settings()[name]
	return value, found
}

// flagOr is the value of a flag, or its default when it is not given.
func (m *Manifest) flagOr(name, unset string) string {
	if value, found := m.Flag(name); found {
		return value
	}
	return unset
}

// Name is the member's name (--name).
func (m *Manifest) Name() string { return m.flagOr(flagName, defaultName) }

// DataDir is the data directory in the container (--data-dir). Without the flag
// it is relative, and lost with the container: HostPath refuses it.
func (m *Manifest) DataDir() string { return m.flagOr(flagDataDir, m.Name()+".etcd") }

// WALDir is the WAL directory in the container. It is "" when the WAL is where
// it moves along with the member folder of the data directory. Otherwise
// --wal-dir points elsewhere, or another volume is mounted at that place.
func (m *Manifest) WALDir() string {
	member := path.Join(m.DataDir(), "member")
	dir := m.flagOr(flagWALDir, "")
	if dir == "" {
		dir = path.Join(member, "wal")
	}
	inside := isWithin(path.Clean(dir), member)
	hostDir, errDir := m.HostPath(dir)
	hostMember, errMember := m.HostPath(member)
	if errDir == nil && errMember == nil {
		inside = isWithin(hostDir, hostMember)
	}
	if inside {
		return ""
	}
	return dir
}

// PeerURLs are the member's peer URLs (--initial-advertise-peer-urls), byte for
// byte. etcd ignores the flag once it has data.
func (m *Manifest) PeerURLs() []string {
	return split(m.flagOr(flagAdvertisePeerURLs, defaultPeerURLs))
}

// ListenPeerURLs is where etcd listens for its peers (--listen-peer-urls).
func (m *Manifest) ListenPeerURLs() []string {
	return split(m.flagOr(flagListenPeerURLs, defaultPeerURLs))
}

// ClientURLs are the URLs told to clients (--advertise-client-urls).
func (m *Manifest) ClientURLs() []string {
	return split(m.flagOr(flagAdvertiseClientURLs, defaultClientURLs))
}

// ListenClientURLs is where etcd listens for clients (--listen-client-urls).
func (m *Manifest) ListenClientURLs() []string {
	return split(m.flagOr(flagListenClientURLs, defaultClientURLs))
}

// MetricsURLs is where etcd serves metrics and health beside the client URLs
// (--listen-metrics-urls).
func (m *Manifest) MetricsURLs() []string {
	return split(m.flagOr(flagListenMetricsURLs, ""))
}

// PKI are the paths of certificates and keys in the container.
func (m *Manifest) PKI() PKI {
	return PKI{
		CertFile:          m.flagOr(flagCertFile, ""),
		KeyFile:           m.flagOr(flagKeyFile, ""),
		TrustedCAFile:     m.flagOr(flagTrustedCAFile, ""),
		PeerCertFile:      m.flagOr(flagPeerCertFile, ""),
		PeerKeyFile:       m.flagOr(flagPeerKeyFile, ""),
		PeerTrustedCAFile: m.flagOr(flagPeerTrustedCAFile, ""),
	}
}

// Self is the member that the manifest makes.
func (m *Manifest) Self() Member { return Member{Name: m.Name(), PeerURLs: m.PeerURLs()} }

// InitialCluster is the value of --initial-cluster, "" without the flag. It is
// what was true when the manifest was written, not a list of members.
func (m *Manifest) InitialCluster() string { return m.flagOr(flagInitialCluster, "") }

// InitialClusterState is the value of --initial-cluster-state, or its default.
func (m *Manifest) InitialClusterState() string {
	return m.flagOr(flagInitialClusterState, defaultInitialClusterState)
}

// Forced tells whether etcd would force a new cluster, be it by the flag or by
// ETCD_FORCE_NEW_CLUSTER.
func (m *Manifest) Forced() bool {
	on, err := strconv.ParseBool(m.flagOr(flagForceNewCluster, "false"))
	return on && err == nil
}

// FeatureGates are those that the manifest switches on or off (--feature-gates, etcd 3.6 and later). Of one gate that
// is given twice the last one wins.
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
		if before := all[o.name]; o.name == flagFeatureGates && before != "" {
			o.value = before + "," + o.value
		}
		all[o.name] = o.value
	}
	for flag, v := range m.environment.settings {
		if v.value != "" {
			all[flag] = v.value
		}
	}
	return all
}

func split(urls string) []string {
	if urls == "" {
		return nil
	}
	all := strings.Split(urls, ",")
	for i, u := range all {
		all[i] = strings.TrimSpace(u) // as etcd does
	}
	return all
}
