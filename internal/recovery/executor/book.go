package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// book writes a journal to its master after every step, while the next one has begun.
type book struct {
	*recovery.Journal
	node    *node.Node
	now     func() time.Time
	writing chan error // of the last write that was begun and not waited for; nil where there is none
}

// openBook continues the journal that the master has, or begins one. What was read from the master stays as it was.
func openBook(
	have *recovery.Journal,
	operation recovery.Operation,
	id string,
	n *node.Node,
	now func() time.Time,
) *book {
	if have == nil {
		have = &recovery.Journal{Operation: operation, ID: id, Master: n.Name, Started: now().UTC()}
	}
	return &book{Journal: have.Clone(), node: n, now: now}
}

// reach notes that the operation came as far as a phase. It is written to the master with the step in which it became
// true. What has to be known before something is done is saved at once.
func (b *book) reach(p recovery.Phase) {
	if !b.Reached(p) {
		b.Phase = p
	}
}

// of notes whose data the operation has begun with, and where that is.
func (b *book) of(e recovery.Evidence) {
	if e.Mount != "" {
		b.DataDir, b.Mount = e.DataDir, e.Mount
	}
	if p, known := e.Progress(); known && b.Cluster == 0 {
		b.Cluster, b.Member = p.Cluster, p.Member
	}
	if members := e.KnownMembers(); len(members) > 0 {
		b.Members = nil
		for _, m := range members {
			b.Members = append(b.Members, m.ID.String())
		}
		if e.Disk != nil {
			for _, id := range e.Disk.Added {
				b.Members = append(b.Members, id.String())
			}
		}
	}
}

// keepAt writes down where the old data goes before it goes there.
func (b *book) keepAt(ctx context.Context, data, wal string) error {
	b.Places.Data, b.Places.WAL = data, wal
	return b.save(ctx)
}

// step keeps that one is done. Nothing waits for it but the next write: a step that is not in the journal is checked
// again, and found done.
func (b *book) step(ctx context.Context, number, of int, s recovery.Step) error {
	b.Steps = append(b.Steps, s.Entry(number, of, b.now()))
	text, err := b.text()
	if err := errors.Join(err, b.settle()); err != nil {
		return err
	}
	writing := make(chan error, 1)
	b.writing = writing
	go func() { writing <- b.write(ctx, text) }()
	return nil
}

// settle waits for a write that was begun.
func (b *book) settle() error {
	if b == nil || b.writing == nil {
		return nil
	}
	err := <-b.writing
	b.writing = nil
	return err
}

func (b *book) finish(ctx context.Context) error {
	before := *b.Journal
	b.End(recovery.PhaseFinished, b.now().UTC())
	err := b.save(ctx)
	if err != nil {
		*b.Journal = before
	}
	return err
}

// save writes the journal and returns when it is written.
func (b *book) save(ctx context.Context) error {
	text, err := b.text()
	if err := errors.Join(err, b.settle()); err != nil {
		return err
	}
	return b.write(ctx, text)
}

func (b *book) text() ([]byte, error) {
	text, err := json.MarshalIndent(b.Journal, "", "  ")
	return append(text, '\n'), err
}

func (b *book) write(ctx context.Context, text []byte) error {
	ctx, cancel := atomic(ctx)
	defer cancel()
	if err := b.node.WriteJournal(ctx, b.FileName(), text); err != nil {
		return fmt.Errorf("keeping the journal: %w", err)
	}
	return nil
}

// closeOthers ends those journals of a node that were never ended, as abandoned or as void: nothing goes on from them
// any more. "" leaves one as it is.
func (c *crew) closeOthers(ctx context.Context, m *master, as func(recovery.Journal) recovery.Phase) error {
	for _, j := range m.ev.Journals {
		end := as(j)
		if !j.Unended() || end == "" {
			continue
		}
		b := openBook(&j, j.Operation, j.ID, m.Node, c.now)
		b.End(end, c.now().UTC())
		if err := b.save(ctx); err != nil {
			return err
		}
	}
	return nil
}
