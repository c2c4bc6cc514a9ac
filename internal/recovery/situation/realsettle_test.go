//go:build linux

package situation

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

// memberState is what a member says.
type memberState struct {
	cluster, id, leader, applied uint64
}

func (b *practiceLab) ask(ctx context.Context, name string) (memberState, error) {
	ctx, cancel := context.WithTimeout(ctx, realAsk)
	defer cancel()
	s, err := b.clients[name].Status(ctx, b.Node(name).ClientURL())
	if err != nil {
		return memberState{}, err
	}
	return memberState{s.Header.ClusterId, s.Header.MemberId, s.Leader, s.RaftAppliedIndex}, nil
}

// settle waits until those that run on the lab are those that run in the world, with the same leaders.
func (b *practiceLab) settle(ctx context.Context, w *world) error {
	ctx, cancel := context.WithTimeout(ctx, realPatience)
	defer cancel()
	return wait.Until(ctx, realLook, func() error {
		states := map[string]memberState{}
		for _, m := range w.machines {
			if !m.running || m.heard == 0 { // it answers nobody
				continue
			}
			s, err := b.ask(ctx, m.name)
			if err != nil {
				return fmt.Errorf("asking %s: %w", m.name, err)
			}
			if m.leader != 0 && !b.agreed[s.cluster] {
				if err := b.versionKnown(ctx, m.name); err != nil {
					return err
				}
				b.agreed[s.cluster] = true
			}
			states[m.name] = s
		}
		for _, m := range w.machines {
			if s, asked := states[m.name]; asked {
				if err := b.follows(ctx, w, m, s, states); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// follows has a member follow the leader that it has in the world.
func (b *practiceLab) follows(
	ctx context.Context, w *world, m *machine, s memberState, all map[string]memberState,
) error {
	if (s.leader != 0) != (m.leader != 0) && !m.isLearner() {
		return fmt.Errorf("%s has the leader %s, and in the model %s", m.name, etcd.ID(s.leader), m.leader)
	}
	flag := strings.Contains(strings.Join(b.Node(m.name).EtcdCommands(), " "), " --force-new-cluster")
	if flag != m.flag {
		return fmt.Errorf("%s has the force flag: %t", m.name, flag)
	}
	leader := w.leaderOf(m)
	if leader == nil {
		return nil
	}
	want := all[leader.name]
	if s.leader != want.id {
		for name, o := range all {
			if o.id == s.leader && o.leader == o.id {
				_, err := b.clients[name].MoveLeader(ctx, want.id)
				return cmp.Or(err, fmt.Errorf("%s follows %s, not %s", m.name, name, leader.name))
			}
		}
		return fmt.Errorf("%s follows a leader that was not asked", m.name)
	}
	if s.applied != want.applied {
		return fmt.Errorf("%s has not applied all", m.name)
	}
	return nil
}

func (m *machine) isLearner() bool {
	own := m.disk.tip.member(m.disk.member)
	return own != nil && own.Learner
}

// versionKnown waits until a cluster has agreed on its version: that is an entry in its log, some time after the first.
func (b *practiceLab) versionKnown(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, realAsk)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.Node(name).Host()+":2381/metrics", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	minor := b.Version()[:strings.LastIndex(b.Version(), ".")]
	if err == nil && !strings.Contains(string(text), `etcd_cluster_version{cluster_version="`+minor+`"} 1`) {
		err = fmt.Errorf("the cluster of %s has not agreed on version %s", name, minor)
	}
	return err
}
