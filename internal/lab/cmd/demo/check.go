//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/forceflag"
)

// check looks at every member by itself, not at what Terraform says. Its error has everything that is wrong.
func (d *demo) check(ctx context.Context) error {
	d.next("Is everything back? Each member is asked directly, and its disk is looked at.")
	first, err := d.look(ctx, d.lab.Node(survivor), 0)
	if err != nil {
		return err
	}
	var problems []error
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "   member\tID\tstate\tkeys before\tafter\tHashKV at %d\tforce flag\n", first.revision)
	for _, m := range d.lab.Nodes() {
		v, err := d.look(ctx, m, first.revision)
		if err != nil {
			return err
		}
		force := "none"
		if v.forced {
			force = "THERE"
		}
		_, _ = fmt.Fprintf(
			table,
			"   %s\t%x\t%s\t%d\t%d\t%d\t%s\n",
			m.Name(),
			v.id,
			v.state,
			len(d.before.keys),
			len(v.keys),
			v.hash,
			force,
		)
		problems = append(problems, v.problems(m.Name(), first, d.before)...)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	if err := d.showTimes(); err != nil {
		return err
	}
	return errors.Join(problems...)
}

// view is one member as it sees itself.
type view struct {
	data
	id      uint64
	cluster uint64
	leader  uint64
	state   string
	members int // started voters
	hash    uint32
	forced  bool
}

func (d *demo) look(ctx context.Context, m lab.Node, revision int64) (view, error) {
	var v view
	var err error
	if v.data, err = read(ctx, d.lab, m.Name(), serializable); err != nil {
		return v, err
	}
	c, err := d.lab.Client(ctx, m.Name())
	if err != nil {
		return v, err
	}
	defer func() { _ = c.Close() }()
	status, err := c.Status(ctx, m.ClientURL())
	if err != nil {
		return v, fmt.Errorf("asking %s for its status: %w", m.Name(), err)
	}
	v.id, v.cluster, v.leader = status.Header.MemberId, status.Header.ClusterId, status.Leader
	list, err := c.MemberList(ctx)
	if err != nil {
		return v, fmt.Errorf("asking %s for the members: %w", m.Name(), err)
	}
	v.state = "not a member"
	for _, member := range list.Members {
		if member.ID == v.id {
			v.state = stateOf(member, v.leader)
		}
		if member.Name != "" && !member.IsLearner {
			v.members++
		}
	}
	if len(list.Members) != v.members {
		v.state += fmt.Sprintf(", in a list of %d", len(list.Members))
	}
	hash, err := c.HashKV(ctx, m.ClientURL(), revision)
	if err != nil {
		return v, fmt.Errorf("asking %s for its hash: %w", m.Name(), err)
	}
	v.hash = hash.Hash
	v.forced, err = forceflag.On(m)
	return v, err
}

func stateOf(m *etcdserverpb.Member, leader uint64) string {
	switch {
	case m.Name == "":
		return "not started"
	case m.IsLearner:
		return "learner"
	case m.ID == leader:
		return "voter, leader"
	}
	return "voter"
}

func (v view) problems(name string, first view, before data) []error {
	var all []error
	problem := func(format string, args ...any) {
		all = append(all, fmt.Errorf(name+": "+format, args...))
	}
	if n := before.lost(v.data); n > 0 {
		problem("%d keys are missing or changed", n)
	}
	if !strings.HasPrefix(v.state, "voter") || v.members != 3 {
		problem("is %s and sees %d started voters, want 3", v.state, v.members)
	}
	if v.hash != first.hash {
		problem("its data hash differs from that of %s", survivor)
	}
	if v.cluster != first.cluster || v.leader != first.leader || v.leader == 0 {
		problem(
			"follows leader %x of cluster %x, and %s follows %x of %x",
			v.leader,
			v.cluster,
			survivor,
			first.leader,
			first.cluster,
		)
	}
	if v.forced {
		problem("a force flag is left")
	}
	return all
}
