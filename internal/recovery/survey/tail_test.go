package survey

import (
	"reflect"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestTailOf reads where the log of a running member ends.
func TestTailOf(t *testing.T) {
	const zap = `{"level":"info","logger":"raft","msg":"8e9e05c52164694d [logterm: 2, index: 18] sent MsgPreVote ` +
		`request to 91bc3c398fb3c146 at term 2"}` + "\n"
	const plain = "raft: 8e9e05c52164694d [logterm: 3, index: 7] sent MsgVote request to 91bc3c398fb3c146 at term 5\n"
	const answer = `"8e9e05c52164694d [logterm: 9, index: 99, vote: 0] rejected MsgPreVote from 91bc3c398fb3c146 ` +
		`[logterm: 2, index: 18] at term 9"`
	const leads = `{"level":"info","logger":"raft","msg":"raft.node: 8e9e05c52164694d elected leader ` +
		`8e9e05c52164694d at term 3"}` + "\n"
	for _, c := range []struct {
		log  string
		want *recovery.Tail
	}{
		{"", nil},
		{zap, &recovery.Tail{Index: 18, Term: 2}},
		{zap + strings.ReplaceAll(zap, "index: 18", "index: 19"), &recovery.Tail{Index: 19, Term: 2}},
		{zap + leads, nil}, // it has stepped down, and not asked for votes again
		{leads + zap, &recovery.Tail{Index: 18, Term: 2}},
		{plain, &recovery.Tail{Index: 7, Term: 3}},
		{answer, nil},
		{"[logterm: 2, index: 99999999999999999999] sent MsgVote request", nil},
	} {
		if got := tailOf(c.log); !reflect.DeepEqual(got, c.want) {
			t.Errorf("got %v of %q", got, c.log)
		}
	}
}
