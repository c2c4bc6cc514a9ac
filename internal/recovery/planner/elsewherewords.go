package planner

import (
	"fmt"
	"maps"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/distribution"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// refuseElsewhere refuses to touch what another distribution runs, and tells its own way back; nil where none of the
// masters is like that.
func refuseElsewhere(list ...recovery.Evidence) error {
	var title, found, next string
	for _, d := range distribution.All() {
		masters := map[string][]string{} // by what was found there
		for _, e := range list {
			if slices.ContainsFunc(e.Elsewhere(), func(o distribution.Distribution) bool { return o.Name == d.Name }) {
				masters[e.Sign(d)] = append(masters[e.Sign(d)], e.Name)
			}
		}
		if len(masters) == 0 {
			continue
		}
		if title == "" {
			title = "This Etcd Is Run by " + d.Name
		}
		for _, sign := range slices.Sorted(maps.Keys(masters)) {
			found += fmt.Sprintf("on %s %s.\n", recovery.Words(masters[sign]), sign)
		}
		next += fmt.Sprintf("recover with %s: %s. See %s.\n", d.Tool, d.Steps, d.Docs)
	}
	if title == "" {
		return nil
	}
	return &recovery.Refusal{
		Code:      recovery.CodeManagedElsewhere,
		Title:     title,
		Attribute: "survey",
		Found: found + "A recovery from here stops and starts etcd by a static pod manifest that is the " +
			"operator's own, and could do neither.",
		Next: next + "If that is a left-over, make sure that it does not run, move it away and put etcd's " +
			"manifest back, then plan again.",
	}
}
