package manifest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Member is a member of the cluster that a master joins, or the master itself.
type Member struct {
	Name     string
	PeerURLs []string
}

// Is tells whether two entries are of one member: by name, or by a peer URL in common.
func (m Member) Is(other Member) bool {
	return m.Name != "" && m.Name == other.Name ||
		slices.ContainsFunc(m.PeerURLs, func(u string) bool { return slices.Contains(other.PeerURLs, u) })
}

// Joined are the members of a cluster by name, with a further one. Entries that
// it had there before are replaced.
func Joined(self Member, others []Member) []Member {
	all := append(slices.DeleteFunc(slices.Clone(others), self.Is), self)
	slices.SortStableFunc(all, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// InitialCluster writes the value of --initial-cluster: name=url for each URL of
// each member, in the order given, names and URLs byte for byte.
func InitialCluster(members []Member) string {
	var parts []string
	for _, m := range members {
		for _, u := range m.PeerURLs {
			parts = append(parts, m.Name+"="+u)
		}
	}
	return strings.Join(parts, ",")
}

// Join sets --initial-cluster and --initial-cluster-state=existing, each once,
// and removes the discovery flags, which clash with them. A manifest that is
// forced is unforced first. A setting that is a variable stays one; of those
// that have to go the value is emptied, which etcd takes for none. A comment
// behind a removed flag goes with its line. Applying it twice changes nothing.
func Join(text []byte, initialCluster string) ([]byte, error) {
	text, err := Unforce(text)
	if err != nil {
		return nil, err
	}
	m, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if err := checkInitialCluster(initialCluster, m.Name()); err != nil {
		return nil, err
	}
	g := goal{
		set: []setting{
			{flagInitialCluster, initialCluster},
			{flagInitialClusterState, "existing"},
		},
		drop: func(flag string) bool { return flag == flagForceNewCluster || isDiscovery(flag) },
	}
	if m, err = g.reach(m); err != nil {
		return nil, err
	}
	return m.source.text, nil
}

// checkInitialCluster refuses a list with which etcd would not start, as far as
// the list alone tells.
func checkInitialCluster(list, self string) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%w: %q: %s", ErrInitialCluster, list, fmt.Sprintf(format, args...))
	}
	// Kubernetes expands $(NAME) in a command line.
	if strings.ContainsFunc(list, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '$' || r == '\uFFFD' }) {
		return refuse("it has a space, a dollar sign or a character that cannot be printed")
	}
	found, seen := false, map[string]bool{}
	for _, part := range strings.Split(list, ",") {
		name, peerURL, ok := strings.Cut(part, "=")
		if !ok || name == "" {
			return refuse(
				"%q is not name=url; a member that has never started has no name yet, start or remove it first",
				part,
			)
		}
		if !isPeerURL(peerURL) {
			return refuse("%q is not a URL that etcd takes for a peer, such as https://10.0.0.11:2380", peerURL)
		}
		if seen[peerURL] {
			return refuse("%q is in it twice; etcd does not start with that", peerURL)
		}
		seen[peerURL] = true
		found = found || name == self
	}
	if !found {
		return refuse("this master's own name, %q, is not in it", self)
	}
	return nil
}

// isPeerURL has the rules of etcd (client/pkg/types/urls.go).
func isPeerURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return u.Hostname() != "" && u.Port() != "" && u.Path == ""
	case "unix", "unixs":
		return u.Host != "" || u.Path != ""
	}
	return false
}
