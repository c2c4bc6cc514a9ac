package recovery

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Report is the survey as a table for people: one line a master, then the verdict, the problems and the choice.
func Report(all map[string]Evidence) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "MASTER\tSSH\tETCD\tDATA\tMEMBER\tCOMMIT\tREVISION\tCLUSTER")
	for _, e := range sorted(all) {
		member, commit, revision, cluster := "-", "-", "-", "-"
		if e.Status != nil {
			member, cluster = e.Status.MemberID.String(), e.Status.ClusterID.String()
			commit, revision = fmt.Sprint(e.Status.RaftIndex), fmt.Sprint(e.Status.Revision)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Name, e.Reach, e.etcdWords(), e.dataWords(), member, commit, revision, cluster)
	}
	_ = w.Flush()
	name, reason, err := Choose(all)
	fmt.Fprintf(&b, "verdict: %s\n", Judge(all, name).Text)
	if err == nil {
		fmt.Fprintf(&b, "seed:    %s\n", reason)
	}
	if problems := problemsOf(all); problems != "" {
		fmt.Fprintf(&b, "problems:%s\n", problems)
	}
	for _, e := range sorted(all) {
		for _, w := range e.Warnings {
			fmt.Fprintf(&b, "warning: %s: %s\n", e.Name, w)
		}
	}
	return b.String()
}

func (e Evidence) etcdWords() string {
	switch {
	case e.Reach != Reached:
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

func (e Evidence) dataWords() string {
	switch {
	case e.DataDir == "":
		return "?"
	case e.Readable:
		return size(e.DataBytes)
	case e.Empty:
		return "empty"
	}
	return "no log"
}
