package planner

import (
	"fmt"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Standing says how a member stands in its cluster. Lost is only what is proved: a quorum of its cluster does not list
// it, or its data is gone. cluster is the ID it is known by, "" where it is not known.
func Standing(e recovery.Evidence, cluster string) (healthyVoter, lost bool, why string) {
	known := func(l *recovery.Live) bool { return l != nil && (cluster == "" || l.ClusterID.String() == cluster) }
	switch {
	case known(e.Live) && healthy(e, e.Live.ClusterID):
		return true, false, ""
	case known(e.Live) && !listed(e):
		return false, true, fmt.Sprintf(
			"the cluster %s has a quorum and does not list it as a member. Terraform plans to let it rejoin.",
			e.Live.ClusterID,
		)
	case e.Manifest != "" && len(e.Problems) == 0 && (e.Empty || e.WALDir == "" && e.NoLog):
		return false, true, fmt.Sprintf(
			"there is no etcd data in %s any more. Terraform plans to let it rejoin.",
			e.DataDir,
		)
	case known(e.Live) && disowned(e) != "":
		return false, true, fmt.Sprintf(
			"its data does not fit the cluster any more (%s). Terraform plans to let it rejoin.",
			disowned(e),
		)
	case len(e.Problems) > 0:
		return false, false, e.Problems[0]
	case e.Parked != "":
		return false, false, fmt.Sprintf(
			"etcd is stopped: its manifest was moved to %s by a recovery. Let it rejoin with etcdrecovery_member, or "+
				"put the manifest back.",
			e.Parked,
		)
	case !e.Running:
		return false, false, "etcd does not run, and its data is there: look at the kubelet and at the container's log."
	case e.Status == nil:
		return false, false, "etcd runs and does not answer: " + e.StatusError
	case !e.Quorum:
		return false, false, "etcd runs without a quorum. If the other members can be started, start them; if their " +
			"majority is lost for good, set a new recovery_id on etcdrecovery_seed."
	}
	return false, false, fmt.Sprintf(
		"etcd serves cluster %s with alarms %s.",
		e.Status.ClusterID,
		recovery.Words(e.Alarms),
	)
}

// disowned gives the words with which etcd says that its data can never work in its cluster again: it was removed, or
// its log is shorter than what it acknowledged, or the cluster knows it as one that had data. The last two are what a
// wiped disk looks like.
func disowned(e recovery.Evidence) string {
	for _, line := range e.LastWords {
		for _, sign := range []string{"is out of range [lastIndex", "the member has been permanently removed from " +
			"the cluster", "has already been bootstrapped"} {
			if strings.Contains(line, sign) {
				return sign
			}
		}
	}
	return ""
}

func listed(e recovery.Evidence) bool {
	for _, m := range e.Live.Members {
		if e.IsMember(m) {
			return true
		}
	}
	return false
}

// LastSeed is the latest finished recovery that was made from a master, nil where there was none.
func LastSeed(e recovery.Evidence) *recovery.Journal {
	var last *recovery.Journal
	for i, j := range e.Journals {
		if j.Operation == recovery.OperationSeed && j.Done() && (last == nil || j.Started.After(last.Started)) {
			last = &e.Journals[i]
		}
	}
	return last
}
