package recovery

import (
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/distribution"
)

// telltales are the paths that a look at a master asks for.
func telltales() []string {
	var all []string
	for _, d := range distribution.All() {
		all = append(all, d.Paths...)
	}
	for _, m := range managers() {
		all = append(all, m.sign)
	}
	return all
}

// seen are the signs on a master that fit one of the patterns.
func (e Evidence) seen(patterns ...string) []string {
	var found []string
	for _, sign := range e.Signs {
		if slices.ContainsFunc(patterns, func(p string) bool { fits, _ := path.Match(p, sign); return fits }) {
			found = append(found, sign)
		}
	}
	return found
}

// Owner is a distribution to which etcd's manifest belongs.
type Owner struct{ Name, Path, Sign string }

// elsewhere are the distributions that look after a master's etcd, or have left something there. Paths count only where
// etcd has no manifest: a kubeadm master may have had another life.
func (e Evidence) elsewhere() []distribution.Distribution {
	return slices.DeleteFunc(distribution.All(), func(d distribution.Distribution) bool {
		switch {
		case e.Owner != nil:
			return e.Owner.Name != d.Name
		case !e.NoManifest:
			return true
		}
		return len(e.seen(d.Paths...)) == 0 || d.Unless != "" && len(e.seen(d.Unless)) > 0
	})
}

// sign says by what a distribution was told.
func (e Evidence) sign(d distribution.Distribution) string {
	if e.Owner != nil {
		return fmt.Sprintf("%s has %s: that is of %s, which %s", e.Owner.Path, e.Owner.Sign, d.Name, d.Runs)
	}
	return fmt.Sprintf(
		"there is no etcd manifest, but %s: that is of %s, which %s",
		words(e.seen(d.Paths...)),
		d.Name,
		d.Runs,
	)
}

// notHere says of each why it is in the way.
func (e Evidence) notHere() []string {
	var problems []string
	for _, d := range e.elsewhere() {
		problems = append(
			problems,
			fmt.Sprintf(
				"%s. Recover with %s (%s); or if it is a left-over, move it away, then plan again",
				e.sign(d),
				d.Tool,
				d.Docs,
			),
		)
	}
	return problems
}

// refuseElsewhere refuses to touch what another distribution runs, and tells its own way back; nil where none of the
// masters is like that.
func refuseElsewhere(list ...Evidence) error {
	var title, found, next string
	for _, d := range distribution.All() {
		masters := map[string][]string{} // by what was found there
		for _, e := range list {
			if slices.ContainsFunc(e.elsewhere(), func(o distribution.Distribution) bool { return o.Name == d.Name }) {
				masters[e.sign(d)] = append(masters[e.sign(d)], e.Name)
			}
		}
		if len(masters) == 0 {
			continue
		}
		if title == "" {
			title = "This Etcd Is Run by " + d.Name
		}
		for _, sign := range slices.Sorted(maps.Keys(masters)) {
			found += fmt.Sprintf("on %s %s.\n", words(masters[sign]), sign)
		}
		next += fmt.Sprintf("recover with %s: %s. See %s.\n", d.Tool, d.Steps, d.Docs)
	}
	if title == "" {
		return nil
	}
	return &Refusal{
		Code:      CodeManagedElsewhere,
		Title:     title,
		Attribute: "survey",
		Found: found + "A recovery from here stops and starts etcd by a static pod manifest that is the " +
			"operator's own, and could do neither.",
		Next: next + "If that is a left-over, make sure that it does not run, move it away and put etcd's " +
			"manifest back, then plan again.",
	}
}
