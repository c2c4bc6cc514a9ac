//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

func (d *demo) loseMajority(ctx context.Context) error {
	d.next("m2 and m3 lose power and all of their etcd data. Then they are switched on again.")
	lost := d.lab.Nodes()[1:]
	for _, m := range lost {
		m.PowerOff()
	}
	for _, m := range lost {
		if err := m.WipeEtcd(); err != nil {
			return err
		}
		if err := m.PowerOn(); err != nil {
			return err
		}
	}
	if err := d.showLeaderless(ctx); err != nil {
		return err
	}
	if err := d.showNoWrite(ctx); err != nil {
		return err
	}
	for _, m := range lost {
		line, err := await(ctx, func() string { return fatal(m.ContainerLog()) })
		if err != nil {
			return fmt.Errorf("%s: its etcd should fail to start, and does not say so: %w", m.Name(), err)
		}
		say("   %s: etcd starts and exits, again and again: %s", m.Name(), line)
	}
	return nil
}

func (d *demo) showLeaderless(ctx context.Context) error {
	c, err := d.lab.Client(ctx, survivor)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	text, err := await(ctx, func() string {
		try, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		s, err := c.Status(try, c.Endpoints()[0])
		if err != nil || s.Leader != 0 {
			return ""
		}
		return fmt.Sprintf(
			"member %x answers, term %d, revision %d, leader: none.",
			s.Header.MemberId,
			s.RaftTerm,
			s.Header.Revision,
		)
	})
	if err != nil {
		return fmt.Errorf("%s should have no leader: %w", survivor, err)
	}
	say("   %s: %s", survivor, text)
	return nil
}

func (d *demo) showNoWrite(ctx context.Context) error {
	c, err := d.lab.Client(ctx, survivor)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	try, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err = c.Put(try, "demo/write-without-a-quorum", "must not be taken"); err == nil {
		return errors.New("etcd has taken a write, and should have no quorum")
	}
	say("   %s: a write fails: %v.", survivor, err)
	return nil
}

// await asks until there is an answer, for 15 s at most.
func await(ctx context.Context, ask func() string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	answer := ""
	err := wait.Until(ctx, 50*time.Millisecond, func() error {
		if answer = ask(); answer == "" {
			return errors.New("no answer")
		}
		return nil
	})
	return answer, err
}

// fatal is what etcd says last when it gives up.
func fatal(log string) string {
	for line := range strings.Lines(log) {
		if !strings.Contains(line, `"level":"fatal"`) {
			continue
		}
		_, text, _ := strings.Cut(line, `"error":"`)
		text, _, _ = strings.Cut(text, `"`)
		return text
	}
	return ""
}
