package recovery

import (
	"fmt"
	"path"
	"slices"
)

// telltales are the paths that a look at a master asks for.
func telltales() []string {
	var all []string
	for _, d := range distributions() {
		all = append(all, d.signs...)
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

// elsewhere are the distributions that look after a master's etcd, or have left something there. They count only where etcd has no manifest:
// a kubeadm master may have had another life.
func (e Evidence) elsewhere() []distribution {
	if !e.NoManifest {
		return nil
	}
	return slices.DeleteFunc(distributions(), func(d distribution) bool {
		return len(e.seen(d.signs...)) == 0 || d.unless != "" && len(e.seen(d.unless)) > 0
	})
}

// notHere says of each why it is in the way.
func (e Evidence) notHere() []string {
	var problems []string
	for _, d := range e.elsewhere() {
		problems = append(problems, fmt.Sprintf("there is no etcd manifest, but %s: that is of %s, which %s. Recover with %s (%s); or if it is a left-over, move it away, then plan again",
			words(e.seen(d.signs...)), d.name, d.runs, d.tool, d.docs))
	}
	return problems
}

// refuseElsewhere refuses to touch what another distribution runs, and tells its own way back; nil where none of the masters is like that.
func refuseElsewhere(list ...Evidence) error {
	var title, found, next string
	for _, d := range distributions() {
		var masters, signs []string
		for _, e := range list {
			if slices.ContainsFunc(e.elsewhere(), func(o distribution) bool { return o.name == d.name }) {
				masters, signs = append(masters, e.Name), append(signs, e.seen(d.signs...)...)
			}
		}
		if masters == nil {
			continue
		}
		if title == "" {
			title = "This Etcd Is Run by " + d.name
		}
		slices.Sort(signs)
		found += fmt.Sprintf("on %s there is no etcd manifest, but %s: that is of %s, which %s.\n", words(masters), words(slices.Compact(signs)), d.name, d.runs)
		next += fmt.Sprintf("recover with %s: %s. See %s.\n", d.tool, d.steps, d.docs)
	}
	if title == "" {
		return nil
	}
	return &Refusal{Title: title, Attribute: "survey", Untouched: nothingTouched,
		Found: found + "A recovery from here stops and starts etcd by its static pod manifest, and could do neither.",
		Next:  next + "If that is a left-over, make sure that it does not run, move it away and put etcd's manifest back, then plan again."}
}
