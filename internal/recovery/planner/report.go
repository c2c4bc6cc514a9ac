package planner

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// columns of the report. Of a log they give the last entry that a forced start keeps, the last one that is there, and
// how many it would lose of those that any master has.
func columns() []string {
	return []string{"MASTER", "SSH", "ETCD", "DATA", "KEEPS", "LOG ENDS", "LOSES", "REVISION", "MEMBER"}
}

// Report is the survey as a table for people: one line a master, then the verdict, the choice with its reason, and what
// is in the way.
func Report(all recovery.Survey, lost []string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, strings.Join(columns(), "\t"))
	r := Rank(all, lost)
	for _, e := range all {
		_, _ = fmt.Fprintln(w, strings.Join(row(e, r), "\t"))
	}
	_ = w.Flush()
	for _, f := range findings(all, r) {
		fmt.Fprintf(&b, "%-8s %s\n", f.kind+":", f.text)
	}
	return recovery.Printable(b.String())
}

// Markdown is the same for a comment on a change.
func Markdown(all recovery.Survey, lost []string) string {
	var b strings.Builder
	line := func(cells []string) {
		for i := range cells {
			cells[i] = escape(cells[i])
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	line(columns())
	b.WriteString(strings.Repeat("|---", len(columns())) + "|\n")
	r := Rank(all, lost)
	for _, e := range all {
		line(row(e, r))
	}
	b.WriteString("\n")
	for _, f := range findings(all, r) {
		fmt.Fprintf(&b, "- **%s**: %s\n", f.kind, escape(f.text))
	}
	return recovery.Printable(b.String())
}

// escape keeps what was read on a master from being taken for Markdown.
func escape(s string) string {
	return strings.NewReplacer("\n", " ", "|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`).
		Replace(s)
}

func row(e recovery.Evidence, r Ranking) []string {
	keeps, ends, loses, revision, member := "-", "-", "-", "-", "-"
	if p, known := e.Progress(); known {
		keeps, ends, revision, member = fmt.Sprint(p.Kept), fmt.Sprint(
			p.Last,
		), fmt.Sprint(p.KeptRevision), p.Member.String()
		switch {
		case e.Quorum: // what the quorum has moves on, and a report of a cluster that is well stays as it is
			keeps, ends, revision = "-", "-", "-"
		case e.Status != nil && p.LastTerm == 0: // it says only what is committed
			ends = "?"
		}
	}
	if c := r.candidate(e.Name); c != nil && e.Live == nil {
		loses = fmt.Sprint(c.Loss.Entries)
	}
	return []string{e.Name, string(e.Reach), etcdWords(e), dataWords(e), keeps, ends, loses, revision, member}
}

type finding struct{ kind, text string }

// clusters says which masters have data of which cluster.
func clusters(all recovery.Survey) []finding {
	var order []etcd.ID
	masters := map[etcd.ID][]string{}
	for _, e := range all {
		if id := e.Cluster(); id != 0 {
			if masters[id] == nil {
				order = append(order, id)
			}
			masters[id] = append(masters[id], e.Name)
		}
	}
	var list []finding
	for _, id := range order {
		list = append(list, finding{"cluster", fmt.Sprintf("%s (%s)", id, recovery.Words(masters[id]))})
	}
	return list
}

// findings are what follows from the table, the most important first.
func findings(all recovery.Survey, r Ranking) []finding {
	best := r.Best()
	v := Judge(all, best)
	list := []finding{{"verdict", v.Text}}
	if v.State != Alive { // then there is nothing to choose
		if best != "" {
			reason := r.reason()
			if v.State != Lost {
				reason = "none as things are; if it comes to that, " + reason
			}
			list = append(list, finding{"seed", reason})
			if text := r.Candidates[0].Loss.Text(best); text != "" {
				list = append(list, finding{"price", text})
			}
		} else if len(r.Candidates) > 0 {
			list = append(list, finding{"seed", "not chosen: " + r.Undecided})
		}
	}
	list = append(list, clusters(all)...)
	for _, e := range all {
		if e.ReachError != "" {
			list = append(list, finding{"problem", e.Name + ": " + e.ReachError})
		}
		for _, p := range e.Problems {
			list = append(list, finding{"problem", e.Name + ": " + p})
		}
	}
	for _, o := range r.Out {
		e := all.Node(o.Name)
		// Above, below, or in the table.
		said := len(e.Problems) > 0 || e.Damage != "" || e.TooNew != "" || e.Unknown.Disk != "" || e.ReachError != "" ||
			!e.Readable
		if v.State != Alive && !said {
			list = append(list, finding{"no seed", o.Name + ": " + o.Reason})
		}
	}
	for _, e := range all {
		if e.Disk != nil && e.Disk.Torn && !e.Running {
			list = append(
				list,
				finding{
					"note",
					fmt.Sprintf(
						"%s: the last record of the log is not whole, as after a power loss; etcd drops it at its "+
							"next start",
						e.Name,
					),
				},
			)
		}
		if e.Disk != nil && e.Disk.Unchecked > 0 {
			list = append(
				list,
				finding{
					"note",
					fmt.Sprintf(
						"%s: the checksums of the log's %s were not looked at",
						e.Name,
						count(uint64(e.Disk.Unchecked), "oldest segment", "oldest segments"),
					),
				},
			)
		}
	}
	for _, e := range all {
		for _, w := range e.Warnings {
			list = append(list, finding{"warning", e.Name + ": " + w})
		}
	}
	if v.State != Alive { // or a cluster that is well would never be without a warning
		for _, w := range managersOf(all...) {
			list = append(list, finding{"warning", w})
		}
	}
	return list
}

func etcdWords(e recovery.Evidence) string {
	switch {
	case e.Reach != recovery.Reached:
		return "?"
	case e.Quorum:
		return "in a quorum"
	case e.Status != nil && e.Status.Learner:
		return "learner"
	case e.Status != nil && e.Status.Leader == 0:
		return "no leader"
	case e.Status != nil:
		return "runs, no quorum"
	case e.Running:
		return "does not answer"
	case e.Parked != "":
		return "stopped, parked"
	}
	return "stopped"
}

func dataWords(e recovery.Evidence) string {
	switch {
	case e.DataDir == "":
		return "?"
	case e.Quorum: // its size moves on as well
		return "in use"
	case e.Damage != "":
		return "damaged"
	case e.TooNew != "":
		return "too new"
	case e.Readable:
		return recovery.Size(e.DataBytes)
	case e.Empty:
		return "empty"
	case e.Foreign != "":
		return "not etcd's"
	case e.NoLog:
		return "no log"
	}
	return "no database"
}
