package survey

import (
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/distribution"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// telltales are the paths that a look at a master asks for.
func telltales() []string {
	var all []string
	for _, d := range distribution.All() {
		all = append(all, d.Paths...)
	}
	for _, m := range recovery.Managers() {
		all = append(all, m.Sign)
	}
	return all
}
