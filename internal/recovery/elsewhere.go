package recovery

import (
	"fmt"
	"path"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/distribution"
)

// Seen are the signs on a master that fit one of the patterns.
func (e Evidence) Seen(patterns ...string) []string {
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

// Elsewhere are the distributions that look after a master's etcd, or have left something there. Paths count only where
// etcd has no manifest: a kubeadm master may have had another life.
func (e Evidence) Elsewhere() []distribution.Distribution {
	return slices.DeleteFunc(distribution.All(), func(d distribution.Distribution) bool {
		switch {
		case e.Owner != nil:
			return e.Owner.Name != d.Name
		case !e.NoManifest:
			return true
		}
		return len(e.Seen(d.Paths...)) == 0 || d.Unless != "" && len(e.Seen(d.Unless)) > 0
	})
}

// Sign says by what a distribution was told.
func (e Evidence) Sign(d distribution.Distribution) string {
	if e.Owner != nil {
		return fmt.Sprintf("%s has %s: that is of %s, which %s", e.Owner.Path, e.Owner.Sign, d.Name, d.Runs)
	}
	return fmt.Sprintf(
		"there is no etcd manifest, but %s: that is of %s, which %s",
		Words(e.Seen(d.Paths...)),
		d.Name,
		d.Runs,
	)
}

// NotHere says of each why it is in the way.
func (e Evidence) NotHere() []string {
	var problems []string
	for _, d := range e.Elsewhere() {
		problems = append(
			problems,
			fmt.Sprintf(
				"%s. Recover with %s (%s); or if it is a left-over, move it away, then plan again",
				e.Sign(d),
				d.Tool,
				d.Docs,
			),
		)
	}
	return problems
}
