package planner

import (
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Choose picks the master to grow the cluster from, and says why. Where the evidence does not decide, it is the
// operator who names the master.
func Choose(s recovery.Survey, lost []string) (name, reason string, err error) {
	return takeCensus(s).choose(lost)
}

func (c *Census) choose(lost []string) (name, reason string, err error) {
	r := c.rank(lost)
	if r.Undecided != "" {
		return "", "", undecidedSeed(r, c.Survey)
	}
	return r.Best(), r.reason(), nil
}
