package recovery

import "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"

// Images of an etcd whose forced start goes by log and database, and of one that goes by the log alone.
const fixed, forgets = "registry.k8s.io/etcd:3.6.12-0", "registry.k8s.io/etcd:3.5.21-0"

// stopped is a master whose data was read.
func stopped(s OnDisk) Evidence {
	if s.ClusterID == 0 {
		s.ClusterID = 7
	}
	if s.LastIndex == 0 {
		s.LastIndex = max(s.Commit, s.ConsistentIndex)
	}
	if s.KeptLeast == 0 {
		s.KeptLeast = s.KeptRevision
	}
	return Evidence{Reach: Reached, Readable: true, DataDir: "/d", Image: fixed, Disk: &s}
}

// alone is one whose etcd answers, without a leader.
func alone(commit uint64, tail *Tail) Evidence {
	return Evidence{
		Reach:    Reached,
		Readable: true,
		DataDir:  "/d",
		Image:    fixed,
		Running:  true,
		Tail:     tail,
		Status:   &etcd.Status{ClusterID: 7, RaftIndex: commit, AppliedIndex: commit, Revision: int64(commit)},
	}
}

func with(e Evidence, change func(*Evidence)) Evidence {
	change(&e)
	return e
}

// damaged is a master whose data cannot be used.
func damaged(what string) Evidence {
	return with(stopped(OnDisk{}), func(e *Evidence) { e.Damage, e.Disk = what, nil })
}

// unread is one whose data could not be judged.
func unread(why string) Evidence {
	return with(stopped(OnDisk{}), func(e *Evidence) { e.Disk, e.Unread = nil, why })
}

// empty is one that has no data.
func empty() Evidence { return Evidence{Reach: Reached, DataDir: "/d", Empty: true} }
