package planner

import (
	"fmt"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// managersOf says of each controller what to do before masters are changed.
func managersOf(list ...recovery.Evidence) []string {
	var all []string
	for _, m := range recovery.Managers() {
		var masters []string
		for _, e := range list {
			if len(e.Seen(m.Sign)) > 0 || m.Mark != "" && strings.Contains(e.Manifest, m.Mark) {
				masters = append(masters, e.Name)
			}
		}
		if masters != nil {
			all = append(
				all,
				fmt.Sprintf("%s looks after %s, and %s: %s.", m.Name, recovery.Words(masters), m.Does, m.Stop),
			)
		}
	}
	return all
}
