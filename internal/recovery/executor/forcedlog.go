package executor

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
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

// discardedEntries is how many entries etcd has thrown away, as the log of one says that took the flag; nil where the
// log does not show its start.
func discardedEntries(log string) *int64 {
	var none int64
	if m := discarded.FindStringSubmatch(log); m != nil {
		if n, err := strconv.ParseInt(m[1]+m[2], 10, 64); err == nil {
			return &n
		}
		return nil
	}
	if !tookForceFlag(log) {
		return nil
	}
	return &none
}

// mute says why the log of a container does not tell how etcd was started: a setting in its manifest keeps these lines
// back, or puts them elsewhere. It is "" where the log has to tell.
func mute(pod *manifest.Manifest) string {
	says := func(flag string) string {
		value, _ := pod.Flag(flag)
		return value
	}
	switch level := says("log-level"); level {
	case "", "info", "debug":
	default:
		return "--log-level=" + level
	}
	if format := says("log-format"); format != "" && format != "json" {
		return "--log-format=" + format
	}
	for _, flag := range []string{"log-outputs", "log-output"} { // the second one until 3.4
		if to := says(flag); to != "" && !slices.ContainsFunc(strings.Split(to, ","), func(one string) bool {
			return slices.Contains([]string{"default", "stderr", "stdout"}, one)
		}) {
			return fmt.Sprintf("--%s=%s", flag, to)
		}
	}
	if levels := says("log-package-levels"); levels != "" { // of 3.4
		return "--log-package-levels=" + levels
	}
	return ""
}
