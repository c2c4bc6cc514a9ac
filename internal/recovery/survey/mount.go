package survey

import (
	"fmt"
	"path"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// doubtMount takes an empty folder for unknown that is not on the file system on which an operation of this provider
// has left data last, where no other mount tells of that: one that is mounted by hand is in no list.
func doubtMount(e *recovery.Evidence) {
	last := lastWithMount(e)
	below := last != nil && last.Mount != e.Mount && strings.HasPrefix(last.Mount, strings.TrimSuffix(e.Mount, "/")+"/")
	if !e.Empty || e.Mount == "" || !below {
		return
	}
	e.Empty, e.NoLog = false, false
	e.Unknown.Data = fmt.Sprintf(
		"%s is empty, and was on a file system mounted at %s when the journal %s was begun, which is not mounted now "+
			"(only if that disk is lost for good, with all that was written there since, move that journal away)",
		e.DataDir,
		last.Mount,
		path.Join(path.Dir(e.ParkedDir), last.FileName()+".journal"),
	)
}

// lastWithMount is the latest of the journals that say where this data folder was mounted, nil where none does.
func lastWithMount(e *recovery.Evidence) (last *recovery.Journal) {
	for i, j := range e.Journals {
		if j.Mount != "" && j.DataDir == e.DataDir && (last == nil || j.Started.After(last.Started)) {
			last = &e.Journals[i]
		}
	}
	return last
}

// tellOfMount says of a mount that is missing, and of a folder that cannot be read, that what is there may not be the
// member's: that is for the operator to settle, whatever the others have. A member that serves all the same goes back
// to what the disk has with the next mount, and forgets what it has acknowledged.
func tellOfMount(e *recovery.Evidence, notMounted string) {
	switch {
	case e.Quorum && notMounted != "":
		e.Warnings = append(
			e.Warnings,
			fmt.Sprintf(
				"on %s, %s: its etcd serves from what lies there now, and would go back to what is on that disk once "+
					"it is mounted. Find out which of the two counts before the node restarts; where it is what etcd "+
					"serves, take that entry out",
				e.Name,
				notMounted,
			),
		)
	case e.Quorum: // what it serves from is there, wherever its container has it from
	case notMounted != "":
		e.Problems = append(
			e.Problems,
			fmt.Sprintf(
				"on %s, %s: it may not be what the member ran with. Mount it, or take that entry out if it is stale, "+
					"then plan again",
				e.Name,
				notMounted,
			),
		)
	case e.Unknown.Data != "":
		e.Problems = append(
			e.Problems,
			fmt.Sprintf(
				"on %s, %s: that is no proof that the data is lost. Mount the disk, or take that entry out if the "+
					"disk is lost; let the folder be read; then plan again",
				e.Name,
				e.Unknown.Data,
			),
		)
	}
}
