package executor

import (
	"regexp"
	"strings"
)

// What etcd logs when it starts with --force-new-cluster: server/embed/etcd.go and server/etcdserver/bootstrap.go since
// 3.5, which write JSON; embed/etcd.go and etcdserver/raft.go in 3.4, which writes text unless it is told --logger=zap.
const (
	forcedJSON = `"force-new-cluster":true`
	forcedText = "| embed: force new cluster\n"
)

// discarded matches the line about log entries that were not committed.
var discarded = regexp.MustCompile(
	`"number-of-discarded-entries":(\d+)|\| etcdserver: discarding (\d+) uncommitted WAL entries`,
)

// tookForceFlag tells from etcd's log whether it was started with the flag.
func tookForceFlag(log string) bool {
	return strings.Contains(log, forcedJSON) || strings.Contains(log+"\n", forcedText)
}

// discardedEntries is how many entries etcd has thrown away, as it says.
func discardedEntries(log string) string {
	if m := discarded.FindStringSubmatch(log); m != nil {
		return m[1] + m[2]
	}
	return "0"
}
