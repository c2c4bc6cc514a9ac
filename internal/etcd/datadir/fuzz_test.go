//go:build linux

package datadir

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// seeds are of a small etcd 3.7, of which only what was written is kept.
func seeds(f *testing.F, name string) {
	f.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
}

// FuzzLog demands that no segment makes the reader panic, and that every refusal is one of damage.
func FuzzLog(f *testing.F) {
	seeds(f, "segment")
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, last := range []bool{true, false} {
			p, err := readSegment(bytes.NewReader(text), last)
			if err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v", err)
			}
			if err != nil {
				continue
			}
			l, err := join([]*piece{p}, nil, false)
			if err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v", err)
			}
			if err != nil {
				continue
			}
			if least, most := l.Writes(0, l.LastIndex); least > most || most > int64(len(text)) {
				t.Errorf("from %d to %d writes in %d bytes", least, most, len(text))
			}
		}
	})
}

type memory []byte

func (m memory) ReadAt(_ context.Context, offset int64, length int) ([]byte, error) {
	if offset < 0 || length < 0 || length > 2*maxItem {
		return nil, errors.New("this is not to be asked for")
	}
	if offset >= int64(len(m)) {
		return nil, nil
	}
	return m[offset:min(offset+int64(length), int64(len(m)))], nil
}

// FuzzBackend demands the same of the database, which it must not read without bound.
func FuzzBackend(f *testing.F) {
	seeds(f, "database")
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := readBackend(t.Context(), memory(text)); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("got %v", err)
		}
	})
}

// FuzzRecords gives records as they are, without the checksums that keep nearly all others out: each a kind, a length
// and that many bytes. They are two segments, one after the other.
func FuzzRecords(f *testing.F) {
	f.Add(
		[]byte{1, 4, 8, 1, 16, 2, 2, 6, 16, 1, 24, 1, 34, 0, 3, 4, 8, 1, 24, 1},
		[]byte{5, 4, 8, 9, 16, 1, 2, 4, 16, 1, 24, 10},
		uint64(0),
		true,
	)
	f.Fuzz(func(t *testing.T, first, second []byte, snapshot uint64, files bool) {
		var pieces []*piece
		for _, text := range [][]byte{first, second} {
			p := &piece{}
			for len(text) >= 2 {
				n := min(int(text[1]), len(text)-2)
				if err := p.take(record{kind: int(text[0]), data: text[2 : 2+n]}); err != nil {
					return
				}
				text = text[2+n:]
			}
			pieces = append(pieces, p)
		}
		l, err := join(pieces, []uint64{snapshot}, files)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v", err)
			}
			return
		}
		if least, most := l.Writes(0, l.LastIndex); least > most || most > int64(len(first)+len(second)) {
			t.Errorf("from %d to %d writes", least, most)
		}
		_, _ = l.TermOf(l.LastIndex), l.SumOf(l.LastIndex)
		_ = (&State{Log: *l}).check(nil)
	})
}
