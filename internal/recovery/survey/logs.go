package survey

import (
	"cmp"
	"context"
	"sync"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// entriesCompared is how many entries of two logs are held against each other, up to where the shorter one ends. One
// would do, but a leader's first entry has nothing in it that tells histories apart.
const entriesCompared = 4

// readLog reads the log of a member that was not asked for more, as far as there is anything to compare from an entry
// on; nil where that cannot be done.
type readLog func(ctx context.Context, from uint64) *datadir.Log

// logOf returns how the log of a running member can be read. One without a leader writes nothing to it, or next to
// nothing. Of one that serves it is read while its cluster is young, since that may be one which was founded anew: a
// cluster that has written much more than its members keep of the log is not taken for another one so.
func logOf(n *node.Node, e *recovery.Evidence, paths node.Paths, disk *node.Disk) readLog {
	return func(ctx context.Context, from uint64) *datadir.Log {
		ctx, cancel := context.WithTimeout(ctx, diskWait)
		defer cancel()
		files := n.DataDir(paths, disk)
		var l *datadir.Log
		var err error
		if e.Quorum {
			l, err = datadir.ReadFrom(ctx, files, from)
		} else {
			l, err = datadir.ReadLog(ctx, files, needsSnapshotFiles(e.Image), e.Status.AppliedIndex)
		}
		if err != nil { // without it there is only less to compare
			return nil
		}
		return l
	}
}

// compareLogs notes what is in the last entries that each two logs of one cluster ID both have. Members that were
// founded anew under their old IDs differ from the others in nothing else.
func compareLogs(ctx context.Context, s recovery.Survey, logs map[string]readLog) {
	read := make([]*datadir.Log, len(s))
	faults := make([]error, len(s))
	var wg sync.WaitGroup
	for i, e := range s {
		from, compared := uint64(0), false
		for _, o := range s {
			if logs[e.Name] != nil && logs[o.Name] != nil && s.Compared(e, o) {
				p, _ := o.Progress()
				from, compared = max(from, p.Last-min(p.Last, entriesCompared-1)), true
			}
		}
		if compared {
			wg.Go(func() {
				faults[i] = recovery.Caught(e.Name, func() error { read[i] = logs[e.Name](ctx, from); return nil })
			})
		}
	}
	wg.Wait()
	_ = recovery.Raise(cmp.Or(faults...))
	for i := range s {
		for k := range s {
			if read[i] != nil && read[k] != nil && s.Compared(s[i], s[k]) {
				noteEntries(&s[i], read[i], min(read[i].LastIndex, read[k].LastIndex))
			}
		}
	}
}

// noteEntries notes the last entries up to one.
func noteEntries(e *recovery.Evidence, l *datadir.Log, last uint64) {
	for index := last - min(last, entriesCompared-1); index <= last; index++ {
		entry := recovery.LogEntry{Index: index, Term: l.TermOf(index), Sum: l.SumOf(index)}
		if _, noted := e.EntryAt(index); !noted && entry.Term != 0 {
			e.Entries = append(e.Entries, entry)
		}
	}
}
