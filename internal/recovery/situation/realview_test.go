//go:build linux

package situation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// viewOf is what of a survey has to be the same on the lab and in the model, line by line. IDs are not: clusters and
// members go by the first node that has them. Of logs it is who goes further, not how far.
func viewOf(s recovery.Survey, nameAt func(host string) string) []string {
	v := view{nameAt, map[etcd.ID]string{}, map[etcd.ID]string{}}
	var lines []string
	for _, e := range s {
		lines = append(lines, e.Name+": "+strings.Join(v.node(e), ", "))
	}
	if live := recovery.LiveOf(s); live != nil {
		lines = append(lines, fmt.Sprintf("live: cluster of %s, %s, revision %d",
			v.first(v.clusters, live.ClusterID, "nobody"), v.members(live.Members), live.Revision))
	}
	for i, a := range s {
		for _, b := range s[i+1:] {
			p, known := a.Progress()
			q, both := b.Progress()
			if !known || !both || a.Cluster() != b.Cluster() || p.LastTerm == 0 || q.LastTerm == 0 {
				continue
			}
			sign := []string{">", "=", "<"}[1+p.Further(q)]
			lines = append(lines, fmt.Sprintf("logs: %s %s %s", a.Name, sign, b.Name))
		}
	}
	return lines
}

type view struct {
	nameAt            func(host string) string
	clusters, holders map[etcd.ID]string
}

// first is the first node that has an ID.
func (v view) first(of map[etcd.ID]string, id etcd.ID, name string) string {
	if of[id] == "" {
		of[id] = name
	}
	return of[id]
}

func (v view) node(e recovery.Evidence) []string {
	words := []string{string(e.Reach)}
	add := func(is bool, format string, args ...any) {
		if is {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	if e.Reach != recovery.Reached {
		return words
	}
	add(!e.Kubelet.Running, "no kubelet")
	add(e.NoManifest, "no manifest")
	add(e.Parked != "", "parked")
	add(e.ForceFlag != "", "forced")
	add(len(e.Problems) > 0, "problems")
	switch {
	case e.Quorum:
		words = append(words, "quorum")
	case e.Status != nil && e.Status.Leader != 0:
		words = append(words, "leader and no quorum")
	case e.Status != nil:
		words = append(words, "no leader")
	case e.Running:
		words = append(words, "runs and says nothing")
	default:
		words = append(words, "stopped")
	}
	add(e.Readable, "data")
	add(e.Empty, "empty")
	add(e.Unknown.Data != "", "empty or not")
	add(e.StrayData != "", "stray data")
	add(e.Damage != "", "damaged")
	add(e.Unknown.Disk != "", "unread")
	add(e.TooNew != "", "too new")
	if id := e.Cluster(); id != 0 {
		words = append(words, "cluster of "+v.first(v.clusters, id, e.Name))
	}
	if p, known := e.Progress(); known {
		words = append(words, "member of "+v.first(v.holders, p.Member, e.Name))
		add(true, "revision %d-%d-%d", p.KeptLeast, p.KeptRevision, p.LastRevision)
	}
	add(e.Learner(), "learner")
	known := e.Members
	if e.Disk != nil {
		add(e.Disk.Removed, "removed")
		known = e.Disk.Members
	}
	add(len(known) > 0, "knows %s", v.members(known))
	var heard []string
	for _, p := range e.Peers {
		heard = append(heard, v.at(p.URL)+map[bool]string{true: "+", false: "-"}[p.Answers])
	}
	slices.Sort(heard)
	add(len(heard) > 0, "peers %s", strings.Join(slices.Compact(heard), " "))
	return words
}

// members are the nodes of a list, by their addresses: etcd knows no name of one that has not started yet.
func (v view) members(list []etcd.Member) string {
	var all []string
	for _, m := range list {
		text := ""
		for _, u := range m.PeerURLs {
			text += v.at(u)
		}
		if m.Learner {
			text += "(learner)"
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (v view) at(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	return v.nameAt(u.Hostname())
}

// sideBySide shows two views, and marks the lines that differ.
func sideBySide(model, lab []string) string {
	var b strings.Builder
	for i := range max(len(model), len(lab)) {
		line := func(all []string) string {
			if i < len(all) {
				return all[i]
			}
			return "(nothing)"
		}
		if line(model) == line(lab) {
			fmt.Fprintf(&b, "  both   %s\n", line(model))
			continue
		}
		fmt.Fprintf(&b, "! model  %s\n! lab    %s\n", line(model), line(lab))
	}
	return b.String()
}

// evidenceText is all that a survey has, without what is long.
func evidenceText(s recovery.Survey) string {
	s = slices.Clone(s)
	for i := range s {
		s[i].Manifest = cmp.Or(strings.Repeat("…", min(1, len(s[i].Manifest))), "")
	}
	text, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}
