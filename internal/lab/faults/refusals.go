//go:build linux

package faults

import (
	"sync"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// refusals are those of an apply, as the provider tells of them while it runs.
type refusals struct {
	mu  sync.Mutex
	all []recovery.Code
}

func (r *refusals) add(c recovery.Code) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, c)
}

// take returns what was refused since it was called last.
func (r *refusals) take() []recovery.Code {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.all
	r.all = nil
	return all
}
