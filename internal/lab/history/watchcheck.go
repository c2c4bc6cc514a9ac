//go:build linux

package history

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// namedAtMost is how many of the missing writes an error names.
const namedAtMost = 5

// ErrMissing says that writes which were acknowledged are not in the cluster.
var ErrMissing = errors.New("acknowledged writes are missing")

// Check tells whether these nodes, or all, hold every acknowledged write at the revision at which it was
// acknowledged. If not, the error is an ErrMissing and names the first few. Call it after Stop.
//
// The revision matters: two clusters that go on from the same data count the same revisions, and what one of them wrote
// is not there in the other.
func (w *Watcher) Check(ctx context.Context, l *lab.Lab, nodes ...string) error {
	acks := w.Acks()
	if len(acks) == 0 {
		return errors.New("checking the watched writes: none was acknowledged, so that none can be missing")
	}
	all, err := readAll(ctx, l, w.prefix, orAll(l, nodes))
	if err != nil {
		return fmt.Errorf("checking the watched writes: %w", err)
	}
	return missing(acks, all.Kvs, all.Header.ClusterId)
}

func missing(acks []Ack, kvs []*mvccpb.KeyValue, cluster uint64) error {
	have := make(map[string]int64, len(kvs))
	for _, kv := range kvs {
		have[string(kv.Key)] = kv.ModRevision
	}
	var lines []string
	for _, a := range acks {
		switch revision, is := have[a.Key]; {
		case !is:
			lines = append(lines, fmt.Sprintf("  %v is not there", a))
		case revision != a.Revision:
			lines = append(lines, fmt.Sprintf("  %v is of revision %d", a, revision))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	n := len(lines)
	if n > namedAtMost {
		lines = append(lines[:namedAtMost], fmt.Sprintf("  and %d more", n-namedAtMost))
	}
	return fmt.Errorf("%w: in cluster %x, %d of %d\n%s", ErrMissing, cluster, n, len(acks), strings.Join(lines, "\n"))
}
