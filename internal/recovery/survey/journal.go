package survey

import (
	"encoding/json"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

func ReadJournals(files []node.File) []recovery.Journal {
	var all []recovery.Journal
	for _, f := range files {
		var j recovery.Journal
		if json.Unmarshal(f.Text, &j) == nil && j.Operation != "" && j.Undone.IsZero() {
			all = append(all, j)
		}
	}
	return all
}
