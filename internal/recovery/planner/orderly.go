package planner

import (
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// checkOrderly refuses to force a seed of such a version that does not run: only one that runs can be stopped in an
// orderly way. A manifest that is parked was taken out by a recovery, which stops etcd so.
func checkOrderly(seed recovery.Evidence) error {
	if !seed.Running && seed.Disk != nil {
		if err := CommitBehind(seed, seed.Disk); err != nil {
			return err
		}
	}
	if seed.Running || seed.Parked != "" || !recovery.ForgetsCommit(recovery.Oldest(seed.Version(), seed.Disk)) {
		return nil
	}
	image, next := seed.Image, ""
	if seed.Version() == nil {
		image += ", which does not tell its version"
		next = fmt.Sprintf(
			" If it is 3.5.22, 3.6.1 or later, you can say so instead: put the tag into %s "+
				"(…:3.6.5-0@sha256:…), then plan again.",
			seed.ManifestPath,
		)
	}
	if seed.SentAway() {
		next += " " + whoSentItAway(seed) + ", and so that the next plan reads what is on the other's disk."
	}
	return &recovery.Refusal{
		Code:      recovery.CodeMustRunFirst,
		Title:     "This Etcd Must Run Before It Is Forced",
		Attribute: "node",
		Found: fmt.Sprintf(
			"etcd does not run on %s, and its image is %s. Before 3.5.22 and 3.6.1 a forced start after a crash or a "+
				"power loss can leave the members with different data (etcd-io/etcd#14009); one after an orderly "+
				"stop cannot.",
			seed.Name,
			image,
		),
		Next: fmt.Sprintf(
			"let etcd start on %s as it is, alone and without a leader (systemctl status kubelet, and the "+
				"container's log, say what is in the way), then plan again: it is stopped in an orderly way before "+
				"it is forced.",
			seed.Name,
		) + next,
	}
}
