package survey

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// addressesOf are the addresses by which others may know a node.
func addressesOf(pods *node.Pods) []string {
	var all []string
	for _, p := range pods.Addresses {
		a := p.Addr()
		if p.IsSingleIP() && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			all = append(all, a.String())
		}
	}
	return all
}

// isBare reports whether there is nothing to stop on a node, and nothing that a recovery has left there.
func isBare(pods *node.Pods) bool {
	return pods.Bare() && len(pods.Signs)+len(pods.Parked)+len(pods.Journals) == 0
}

// networkWarning says what a pod with a network of its own means, "" for one that has the node's.
func networkWarning(e *recovery.Evidence, m *manifest.Manifest) string {
	if m.HostNetwork() {
		return ""
	}
	return fmt.Sprintf(
		"etcd's pod on %s is not on the node's network (%s has no hostNetwork: true): its address changes with each "+
			"start and comes from a network plugin, which may need the API server; other members, and this program, "+
			"may not reach it at %s",
		e.Name,
		e.ManifestPath,
		recovery.Words(m.PeerURLs()),
	)
}

// listenProblems looks for addresses of the manifest at which etcd could not listen, as the node has lost them. A pod
// with a network of its own is not judged.
func listenProblems(e *recovery.Evidence, m *manifest.Manifest, pods *node.Pods) []string {
	if !m.HostNetwork() {
		return nil
	}
	var problems []string
	for flag, urls := range map[string][]string{
		"--listen-peer-urls": m.ListenPeerURLs(), "--listen-client-urls": m.ListenClientURLs(),
	} {
		for _, s := range urls {
			u, err := url.Parse(s)
			if err != nil {
				continue
			}
			a, err := netip.ParseAddr(u.Hostname())
			if err != nil || pods.HasAddress(a) {
				continue
			}
			problems = append(problems, fmt.Sprintf(
				"%s is not among the addresses of %s, and %s in %s has etcd listen there: etcd could not start. Give "+
					"the address back to the node, or put its present one into the manifest, then plan again",
				a,
				e.Name,
				flag,
				e.ManifestPath,
			))
		}
	}
	slices.Sort(problems)
	return problems
}
