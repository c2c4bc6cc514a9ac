package situation

import (
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// beginJoin is the join of an operator that is broken off after a step.
func beginJoin(w *world, m *machine, e event) {
	if m.power != on || m.access != reachable || m.kubeletDown || m.key == "" {
		return
	}
	w.clock++
	now := w.look(w.texts)
	live := recovery.LiveOf(now)
	if live == nil {
		return
	}
	join := recovery.Cluster{ID: live.ClusterID.String(), Members: planner.MembersOf(live.Members)}
	plan, err := planner.DecideMember(now.Node(m.key), join, true)
	if err != nil || plan.Healthy {
		return
	}
	_ = (&joining{w: w, m: m, plan: plan}).run(recovery.StepID(e.with)) // a step that fails breaks it off as well
}

// begin is a recovery of an operator that is broken off after a step. What was planned then was right at that time: he
// gives up who does not answer, and accepts the price.
func begin(w *world, m *machine, e event) {
	if m.power != on || m.access != reachable || m.disk == nil || m.kubeletDown || m.full || m.key == "" {
		return
	}
	w.clock++
	req := planner.SeedRequest{Node: m.key, RecoveryID: "earlier-" + m.name}
	if m.seedJournal(req.RecoveryID) != nil {
		return
	}
	for range 3 {
		s := w.look(w.texts)
		plan, err := w.texts.planner().DecideSeed(s, req)
		if err == nil {
			f := w.forcing(plan)
			_ = f.run(stepIDs(plan), recovery.StepID(e.with)) // a step that fails breaks it off as well
			if len(m.disk.tip.members) == 1 {
				w.excuse(m.disk.tip)
			}
			return
		}
		r, _ := recovery.IsRefusal(err)
		switch recovery.CodeOf(err) {
		case recovery.CodeUnreachable:
			for _, n := range s {
				if n.Reach == recovery.Silent && !slices.Contains(req.Lost, n.Name) {
					req.Lost = append(req.Lost, n.Name)
				}
			}
		case recovery.CodeOthersHaveMore:
			req.Less = quotedIn(r.Next, "accept_less_than = [")
		default:
			return
		}
	}
}
