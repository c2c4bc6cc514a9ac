//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults"
)

// record keeps in a file what has passed, a line each. All cases take hours, and what has passed is not run again by
// the next call.
type record struct {
	mu     sync.Mutex
	file   *os.File // nil where nothing is kept
	passed map[string]faults.Result
}

// entry is a line of the file.
type entry struct {
	Case string
	faults.Outcome
}

// openRecord reads the file, or makes it. "" is none.
func openRecord(name string) (*record, error) {
	r := &record{passed: map[string]faults.Result{}}
	if name == "" {
		return r, nil
	}
	var err error
	if r.file, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
		return nil, fmt.Errorf("opening the record: %w", err)
	}
	for lines := json.NewDecoder(r.file); ; {
		var e entry
		if err := lines.Decode(&e); errors.Is(err, io.EOF) {
			return r, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		r.passed[e.Case] = faults.Result{Outcome: e.Outcome}
	}
}

// result gives what is kept of a case.
func (r *record) result(c faults.Case) (faults.Result, bool) {
	kept, ok := r.passed[c.String()]
	kept.Case = c
	return kept, ok
}

// keep adds a result, if it is good.
func (r *record) keep(result faults.Result) error {
	if r.file == nil || result.Err != nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return json.NewEncoder(r.file).Encode(entry{result.String(), result.Outcome})
}
