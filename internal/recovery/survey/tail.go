package survey

import (
	"regexp"
	"strconv"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// campaign matches what a member writes each time it asks for votes, once a second without a leader: where its own log
// ends (go.etcd.io/raft, raft.go). Etcd 3.4 asks without asking before: MsgVote.
var campaign = regexp.MustCompile(`\[logterm: (\d+), index: (\d+)\] sent Msg(?:Pre)?Vote request`)

// tailOf finds it in etcd's log; nil where it does not say. It is true of a member without a leader: nobody adds to its
// log.
func tailOf(log string) *recovery.Tail {
	all := campaign.FindAllStringSubmatch(log, -1)
	if len(all) == 0 {
		return nil
	}
	last := all[len(all)-1]
	term, err := strconv.ParseUint(last[1], 10, 64)
	index, err2 := strconv.ParseUint(last[2], 10, 64)
	if err != nil || err2 != nil {
		return nil
	}
	return &recovery.Tail{Index: index, Term: term}
}
