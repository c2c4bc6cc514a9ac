package planner

import (
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Images of an etcd whose forced start goes by log and database, and of one that goes by the log alone.
const fixed, forgets = "registry.k8s.io/etcd:3.6.12-0", "registry.k8s.io/etcd:3.5.21-0"

// stopped is a master whose data was read.
func stopped(s recovery.OnDisk) recovery.Evidence {
	if s.ClusterID == 0 {
		s.ClusterID = 7
	}
	if s.LastIndex == 0 {
		s.LastIndex = max(s.Commit, s.ConsistentIndex)
	}
	if s.KeptLeast == 0 {
		s.KeptLeast = s.KeptRevision
	}
	return recovery.Evidence{Reach: recovery.Reached, Readable: true, DataDir: "/d", Image: fixed, Disk: &s}
}

// alone is one whose etcd answers, without a leader.
func alone(commit uint64, tail *recovery.Tail) recovery.Evidence {
	return recovery.Evidence{
		Reach:    recovery.Reached,
		Readable: true,
		DataDir:  "/d",
		Image:    fixed,
		Running:  true,
		Tail:     tail,
		Status:   &etcd.Status{ClusterID: 7, RaftIndex: commit, AppliedIndex: commit, Revision: int64(commit)},
	}
}

func with(e recovery.Evidence, change func(*recovery.Evidence)) recovery.Evidence {
	change(&e)
	return e
}

// damaged is a master whose data cannot be used.
func damaged(what string) recovery.Evidence {
	return with(stopped(recovery.OnDisk{}), func(e *recovery.Evidence) { e.Damage, e.Disk = what, nil })
}

// unjudged is one whose data could not be judged.
func unjudged(why string) recovery.Evidence {
	return with(stopped(recovery.OnDisk{}), func(e *recovery.Evidence) { e.Disk, e.Unknown.Disk = nil, why })
}

// empty is one that has no data.
func empty() recovery.Evidence {
	return recovery.Evidence{Reach: recovery.Reached, DataDir: "/d", Empty: true}
}
