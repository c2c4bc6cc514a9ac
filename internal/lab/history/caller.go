//go:build linux

package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// A caller is one client. It does one thing at a time.
type caller struct {
	recorder *Recorder
	id       int
	etcd     *clientv3.Client
	rand     *rand.Rand
	keys     []string
	key      string            // used last
	seen     map[string]string // key to the value that it had last, as far as the client knows
	written  int
}

func (c *caller) run(ctx context.Context) {
	pace := time.NewTicker(clientPace)
	defer pace.Stop()
	for {
		select {
		case <-pace.C:
		case <-ctx.Done():
			return
		}
		c.one(ctx)
	}
}

// one does one operation: 4 of 10 are puts, 4 are gets and 2 are compare-and-swaps. Those stay with the key used last:
// what is known of it is recent, so that many succeed.
func (c *caller) one(ctx context.Context) {
	op := Op{Client: c.id, Kind: []Kind{Put, Put, Get, Get, CAS}[c.rand.IntN(5)]}
	if op.Kind != CAS || c.key == "" {
		c.key = c.keys[c.rand.IntN(len(c.keys))]
	}
	op.Key = c.key
	if op.Kind != Get {
		op.New = fmt.Sprintf("%d-%d", c.id, c.written)
		c.written++
	}
	if op.Kind == CAS {
		op.Old = c.seen[op.Key]
	}
	c.do(ctx, op)
}

func (c *caller) do(ctx context.Context, op Op) {
	try, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	op.Call = c.recorder.now()
	err := c.call(try, &op)
	op.Return = c.recorder.now()
	if err != nil {
		if ctx.Err() == nil {
			c.recorder.failed(fmt.Errorf("client %d: %w", c.id, err))
		}
		if op.Kind == Get {
			return
		}
		// Some errors say that nothing was written. To take that as unknown costs nothing: see settle.
		op.Outcome = Unknown
		c.recorder.add(op)
		return
	}
	c.seen[op.Key] = op.New
	if !op.writes() {
		c.seen[op.Key] = op.Seen
	}
	c.recorder.add(op)
}

// call fills in what etcd answers.
func (c *caller) call(ctx context.Context, op *Op) error {
	switch op.Kind {
	case Get:
		r, err := c.etcd.Get(ctx, op.Key)
		if err != nil {
			return fmt.Errorf("getting %s: %w", op.Key, err)
		}
		op.Revision = r.Header.Revision
		for _, kv := range r.Kvs {
			op.Seen = string(kv.Value)
		}
	case Put:
		r, err := c.etcd.Put(ctx, op.Key, op.New)
		if err != nil {
			return fmt.Errorf("putting %s: %w", op.Key, err)
		}
		op.Revision = r.Header.Revision
	case CAS:
		same := clientv3.Compare(clientv3.Value(op.Key), "=", op.Old)
		if op.Old == "" { // etcd holds no value to be equal to that of an absent key
			same = clientv3.Compare(clientv3.Version(op.Key), "=", 0)
		}
		r, err := c.etcd.Txn(ctx).If(same).Then(clientv3.OpPut(op.Key, op.New)).Else(clientv3.OpGet(op.Key)).Commit()
		if err != nil {
			return fmt.Errorf("comparing and swapping %s: %w", op.Key, err)
		}
		op.Revision = r.Header.Revision
		if r.Succeeded {
			return nil
		}
		op.Outcome = Differs
		for _, kv := range r.Responses[0].GetResponseRange().Kvs {
			op.Seen = string(kv.Value)
		}
	}
	return nil
}
