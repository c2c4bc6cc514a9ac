package survey

import (
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

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
