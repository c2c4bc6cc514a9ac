package executor

import (
	"strconv"
	"testing"
)

func TestForcedLog(t *testing.T) {
	for name, c := range map[string]struct {
		log     string
		took    bool
		entries string
	}{
		"3.4, text": {"2026-11-22 22:40:41.593476 I | embed: name = default\n2026-11-22 22:40:41.593480 I | embed: " +
			"force new cluster\n" +
			"2026-11-22 22:40:41.594485 I | etcdserver: forcing restart of member 8e9e05c52164694d in cluster " +
			"cdf818194e3a8c32 at commit index 4\n", true, "0"},
		"3.4, text, entries lost": {"2026-11-22 22:40:41.593480 I | embed: force new cluster\n2026-11-22 " +
			"22:40:41.594 I | etcdserver: discarding 7 uncommitted WAL entries \n", true, "7"},
		"3.7, JSON": {
			`{"level":"info","msg":"starting an etcd server","force-new-cluster":true,"heartbeat-interval":"100ms"}` +
				"\n" + `{"level":"info","msg":"discarding uncommitted WAL entries","entry-index":12,` +
				`"commit-index-from-wal":10,"number-of-discarded-entries":2}`,
			true,
			"2",
		},
		"without the flag, JSON": {
			`{"level":"info","msg":"starting an etcd server","force-new-cluster":false}`,
			false,
			"unknown",
		},
		"without the flag, text": {"2026-11-22 22:40:41.593476 I | embed: name = default\n", false, "unknown"},
		"an argument echoed":     {`{"msg":"Running: ","args":["etcd","--force-new-cluster"]}`, false, "unknown"},
	} {
		if got := tookForceFlag(c.log); got != c.took {
			t.Errorf("%s: took the flag: %v", name, got)
		}
		got := "unknown"
		if n := discardedEntries(c.log); n != nil {
			got = strconv.FormatInt(*n, 10)
		}
		if got != c.entries {
			t.Errorf("%s: %s entries discarded, want %s", name, got, c.entries)
		}
	}
}
