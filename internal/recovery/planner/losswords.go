package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

func atRevision(c Candidate) string {
	return fmt.Sprintf("%s (at revision %d)", c.Name, c.KeptRevision)
}

// Text says it in one sentence; "" where nothing is lost as far as anybody knows.
func (l Loss) Text(seed string) string {
	if slices.Contains(l.Unjudged, seed) {
		return fmt.Sprintf("how much of the data of %s a forced start keeps is not known", seed)
	}
	var parts []string
	if l.Entries > 0 {
		parts = append(parts, l.entries(seed))
	}
	if len(l.Other) > 0 {
		parts = append(parts, fmt.Sprintf(
			"%s has the longer history of another cluster, nothing of which is kept",
			recovery.Words(l.Other),
		))
	}
	if len(l.Apart) > 0 {
		parts = append(parts, fmt.Sprintf(
			"the data of %s cannot be of one history with that of %s, and nothing of it is kept",
			recovery.Words(l.Apart),
			seed,
		))
	}
	if len(l.Unjudged) > 0 {
		parts = append(parts, fmt.Sprintf("what %s has is not known, and may be more", recovery.Words(l.Unjudged)))
	}
	return strings.Join(parts, "; ")
}

// entries says which entries of the log go.
func (l Loss) entries(seed string) string {
	where := "its own log"
	if l.Furthest != seed {
		where = "the log of " + l.Furthest
	}
	text := fmt.Sprintf(
		"a forced start on %s keeps nothing of the last %s in %s",
		seed,
		count(l.Entries, "entry", "entries"),
		where,
	)
	switch l.FromRevision {
	case 0:
		return text + "; none of them is a write"
	case l.ToRevision:
		return text + fmt.Sprintf("; with them goes revision %d", l.FromRevision)
	}
	return text + fmt.Sprintf("; with them go revisions %d to %d at most", l.FromRevision, l.ToRevision)
}

func count(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
