//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// byReading measures what it costs to read the data of a member that does not run. Its values do not compress well, and
// so neither does its log.
func (b *benchmark) byReading(ctx context.Context) error {
	t := table{
		{"data on the node", "database, MiB", "log, segments", "survey, seconds", "commands", "MiB over the wire"},
	}
	for _, size := range []int{10 * mib, 1024 * mib, 4096 * mib} {
		note(fmt.Sprintf("measuring a survey of %d MiB that nobody serves", size/mib))
		if err := b.readStopped(ctx, size, &t); err != nil {
			return err
		}
	}
	t.print("Reading a member that does not run: three surveys each, the median")
	return nil
}

func (b *benchmark) readStopped(ctx context.Context, size int, t *table) (err error) {
	l, err := lab.Start(
		ctx,
		lab.Options{
			Etcd:       b.etcd,
			Nodes:      1,
			ExtraFlags: map[string]string{"quota-backend-bytes": fmt.Sprint(8 << 30)},
		},
	)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if err := l.Fill(ctx, size/valueSize, valueSize); err != nil {
		return err
	}
	m := l.Node("m1")
	m.KubeletStop()
	m.KillEtcd()
	var took []time.Duration
	var sessions, wire int64
	for range 3 {
		before := m.Stats()
		e := newEngine(l)
		began := time.Now()
		found := e.survey(ctx).Node("m1")
		took = append(took, time.Since(began))
		e.close()
		if found.Disk == nil {
			return fmt.Errorf("the data of %d MiB was not read: %s, %v", size/mib, found.Unknown.Disk, found.Warnings)
		}
		after := m.Stats()
		sessions, wire = after.Sessions-before.Sessions, after.BytesOut-before.BytesOut
	}
	database, err := os.Stat(m.Path("/var/lib/etcd/member/snap/db"))
	if err != nil {
		return err
	}
	segments, err := filepath.Glob(m.Path("/var/lib/etcd/member/wal/*.wal"))
	if err != nil {
		return err
	}
	t.add(
		fmt.Sprintf("%d MiB", size/mib),
		fmt.Sprintf("%.0f", float64(database.Size())/mib),
		fmt.Sprint(len(segments)),
		seconds(median(took)),
		fmt.Sprint(sessions),
		fmt.Sprintf("%.1f", float64(wire)/mib),
	)
	return nil
}
