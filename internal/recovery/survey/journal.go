package survey

import (
	"encoding/json"
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// ReadJournals reads the journals of a node, and says of which it cannot be told what they speak of.
func ReadJournals(files []node.File) (all []recovery.Journal, problems []string) {
	for _, f := range files {
		var j recovery.Journal
		if err := json.Unmarshal(f.Text, &j); err != nil {
			problems = append(problems, fmt.Sprintf(
				"the journal %s cannot be read (%v): a recovery or a join may be under way of which nothing is known. "+
					"Look at how things stand here; if nothing is, move that file away (mv), then plan again",
				f.Path,
				err,
			))
			continue
		}
		if j.Operation != "" && j.Phase != recovery.PhaseUndone {
			all = append(all, j)
		}
	}
	return all, problems
}
