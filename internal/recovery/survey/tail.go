package survey

import (
	"regexp"
	"strconv"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// campaign matches what a member writes each time it asks for votes, once a second without a leader: where its own log
// ends (go.etcd.io/raft, raft.go). Etcd 3.4 asks without asking before: MsgVote.
var campaign = regexp.MustCompile(`\[logterm: (\d+), index: (\d+)\] sent Msg(?:Pre)?Vote request`)

// led matches what it writes when it has a leader, or is the leader, which adds to its log.
var led = regexp.MustCompile(`(?:became|elected|changed) leader`)

// tailOf finds it in etcd's log; nil where it does not say. It is true of a member without a leader: nobody adds to its
// log. What was said before it had its last leader is of the past.
func tailOf(log string) *recovery.Tail {
	if past := led.FindAllStringIndex(log, -1); len(past) > 0 {
		log = log[past[len(past)-1][1]:]
	}
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
