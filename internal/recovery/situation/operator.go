package situation

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// After so many turns an operator counts as slow, and after so many as led around in a circle. One in which he has only
// repaired what the text names does not make him slow: that many things were broken.
const (
	turnsWanted = 8
	turnsAtMost = 20
)

// wish is what an operator wants, and how he is.
type wish struct {
	node      string          // "" leaves it to the planner
	gives     bool            // up what does not answer, rather than go and repair it
	interrupt recovery.StepID // after which the first apply is killed, "" for none
	gently    bool            // it is ended by Ctrl-C, and not killed
	lost      []string        // what he gives up from the start, rightly or not
	less      []string        // the same of whom he takes less than
	id        string          // of the recovery that he goes on with, "" for a new one
	anyOrder  bool            // members take the cluster as it is at their turn: no manifest is known before
}

func (q wish) String() string {
	text := "operator"
	if q.node != "" {
		text += " node=" + q.node
	}
	if q.gives {
		text += " gives-up"
	}
	if q.lost != nil {
		text += " lost=" + strings.Join(q.lost, ",")
	}
	if q.less != nil {
		text += " less=" + strings.Join(q.less, ",")
	}
	if q.id != "" {
		text += " id=" + q.id
	}
	if q.anyOrder {
		text += " any-order"
	}
	if q.interrupt != "" {
		text += " interrupted=" + string(q.interrupt)
	}
	if q.gently {
		text += " gently"
	}
	return text
}

func parseWish(line string) (wish, error) {
	var q wish
	for i, word := range strings.Fields(line) {
		key, value, _ := strings.Cut(word, "=")
		switch {
		case i == 0:
		case key == "node":
			q.node = value
		case key == "gives-up":
			q.gives = true
		case key == "lost":
			q.lost = strings.Split(value, ",")
		case key == "less":
			q.less = strings.Split(value, ",")
		case key == "id":
			q.id = value
		case key == "gently":
			q.gently = true
		case key == "any-order":
			q.anyOrder = true
		case key == "interrupted":
			q.interrupt = recovery.StepID(value)
		default:
			return q, fmt.Errorf("%q is nothing that an operator is", word)
		}
	}
	return q, nil
}

// tally counts what came up.
type tally map[string]int

// operator meets a world.
type operator struct {
	*world
	wish
	tally
	req     planner.SeedRequest
	ids     int
	codes   []recovery.Code
	turns   []string // what was done in each
	applies int
	told    map[string]int
	unfit   map[string]bool // nodes that cannot be the seed, as he was told
	taken   map[string]bool // recoveries that were given up, and taken up again
	fault   *broken
	lies    []*broken // what was said to be lost and is not: the operator goes on all the same
	ended   string    // how it ended
}

// meet lets an operator plan, apply and follow advice in a world, and returns the rules that were broken.
func meet(w *world, q wish, count tally) (faults []*broken, turns []string) {
	o := &operator{
		world: w, wish: q, tally: count,
		told: map[string]int{}, unfit: map[string]bool{}, taken: map[string]bool{},
	}
	o.req = planner.SeedRequest{Node: q.node, Lost: q.lost, Less: q.less, RecoveryID: cmp.Or(q.id, "now")}
	doubled := w.doubled()
	defer func() {
		if p := recover(); p != nil {
			o.fault = &broken{noPanic, "panic", fmt.Sprintf("%v\n%s", p, debug.Stack())}
		}
		if o.fault != nil && doubled && (o.fault.rule == wayOn || o.fault.rule == oneCluster) {
			count["not held: "+o.fault.name()+", beside a hidden double"]++
			o.fault = nil
		}
		faults, turns = o.lies, o.turns
		if o.fault != nil {
			faults = append(faults, o.fault)
		}
	}()
	counted := 0
	for range turnsAtMost {
		asked, applies := fmt.Sprint(o.req), o.applies
		done := o.turn()
		if fmt.Sprint(o.req) != asked || o.applies > applies {
			counted++
		}
		if done || o.fault != nil {
			if counted > turnsWanted {
				o.breaks(wayOn, "slow", "it took %d turns", counted)
			}
			return nil, nil
		}
	}
	o.breaks(wayOn, o.round(), "not recovered after %d turns", turnsAtMost)
	return nil, nil
}

// round names the codes between which an operator is sent around: the last one, and the one before where it differs.
func (o *operator) round() string {
	if len(o.codes) == 0 {
		return "no-refusal"
	}
	last := o.codes[len(o.codes)-1]
	for i := len(o.codes) - 2; i >= max(0, len(o.codes)-4); i-- {
		if c := o.codes[i]; c != last {
			return string(min(c, last)) + "+" + string(max(c, last))
		}
	}
	return string(last)
}

func (o *operator) note(format string, args ...any) {
	o.turns = append(o.turns, fmt.Sprintf(format, args...))
}

func (o *operator) breaks(r rule, kind, format string, args ...any) {
	if o.fault == nil {
		o.fault = &broken{r, kind, fmt.Sprintf(format, args...)}
	}
}

// turn plans once, and applies or follows advice; true when there is nothing left to do.
func (o *operator) turn() bool {
	s := o.look(o.texts)
	for _, e := range s {
		if silent := e.Unsaid(); len(silent) > 0 {
			o.breaks(wellFormed, "unsaid", "the evidence on %s is silent of %v", e.Name, silent)
		}
	}
	o.checkLost(s)
	if len(o.turns) == 0 {
		o.tally["verdict: "+string(planner.Judge(s, "").State)]++
	}
	plan, err := o.texts.planner().DecideSeed(s, o.req)
	if err != nil {
		return o.refused(err, s)
	}
	o.tally["choice: "+chosen(plan)]++
	return o.apply(plan)
}

// refused does all that the refusals of a plan advise; true where one is a final word.
func (o *operator) refused(err error, s recovery.Survey) bool {
	all := recovery.Refusals(err)
	if len(all) == 0 {
		o.breaks(wellFormed, "no-code", "%v", err)
		return true
	}
	done := false
	for _, r := range all {
		if r.Code == "" {
			o.breaks(wellFormed, "no-code", "%v", r)
			return true
		}
		o.tally["seed refused: "+string(r.Code)]++
		o.codes = append(o.codes, r.Code)
		if r.Code == recovery.CodeClusterAlive || r.Code == recovery.CodeRecoveryFinished && liveIn(s) {
			o.note("seed: %s; members join", r.Code)
			if r.Code == recovery.CodeClusterAlive {
				o.checkAlive(r.Found)
			}
			return o.members(s)
		}
		if len(all) > 1 && r.Code == recovery.CodeSeedEmpty { // what else is named comes first, and may bring a seed
			continue
		}
		done = o.advised(r.Code, r, s) || done
	}
	return done
}

func liveIn(s recovery.Survey) bool { return recovery.LiveOf(s) != nil }

func chosen(p *planner.SeedPlan) string {
	switch {
	case p.Resumes != "":
		return "resumed"
	case len(p.Less) > 0:
		return "with loss accepted"
	case p.Reason == p.Node+" is named in the configuration":
		return "named"
	}
	return "best"
}

// apply carries a plan out, and lets the members join.
func (o *operator) apply(p *planner.SeedPlan) bool {
	f := o.forcing(p)
	f.watched = true
	until := recovery.StepID("")
	if o.applies == 0 && !slices.Contains(joinSteps(), o.interrupt) {
		until = o.interrupt
	}
	o.applies++
	err := f.run(stepIDs(p), until)
	if err != nil || until != "" && o.gently {
		f.takeFlagOut(err)
	}
	o.fault = f.fault
	o.note(
		"seed %s: %s (lost %v, less %v, id %s) until %q: %v",
		p.Node, p.Reason, p.Lost, p.Less, p.RecoveryID, until, err,
	)
	if o.fault != nil {
		return true
	}
	var bad *failed
	if errors.As(err, &bad) {
		o.tally["apply failed: "+string(bad.code)]++
		o.codes = append(o.codes, bad.code)
		o.repairAfter(bad.code, o.find(p.Node))
		if o.tries("apply "+p.RecoveryID) > 2 {
			o.abandon(p.RecoveryID)
		}
		return false
	}
	if until != "" {
		return false
	}
	return o.members(o.look(o.texts))
}

// tries counts how often something was tried.
func (o *operator) tries(what string) int {
	o.told[what]++
	return o.told[what]
}

// members lets every node join that is not a healthy voter; true when all that can be are.
func (o *operator) members(s recovery.Survey) bool {
	if !liveIn(s) {
		return false
	}
	cluster := recovery.LiveOf(s).ClusterID
	whole := true
	for _, e := range s {
		now := o.look(o.texts)
		live := recovery.LiveOf(now)
		if live == nil || live.ClusterID != cluster {
			o.note("the cluster is gone")
			return false
		}
		m := o.find(e.Name)
		if m == nil || m.power == destroyed {
			continue // a new machine takes its place one day
		}
		join := recovery.Cluster{ID: cluster.String(), Members: planner.MembersOf(live.Members)}
		plan, err := planner.DecideMember(now.Node(e.Name), join, o.anyOrder)
		if err != nil {
			code := recovery.CodeOf(err)
			o.tally["member refused: "+string(code)]++
			o.codes = append(o.codes, code)
			o.note("member %s refused: %s", e.Name, code)
			whole = false
			if !o.memberAdvised(code, m, now, cluster) {
				return false
			}
			continue
		}
		if plan.Healthy {
			o.tally["member: healthy"]++
			continue
		}
		o.tally["member: joins"]++
		j := &joining{w: o.world, m: m, plan: plan}
		until := recovery.StepID("")
		if slices.Contains(joinSteps(), o.interrupt) && o.tries("the first join") == 1 {
			until, whole = o.interrupt, false
		}
		err = j.run(until)
		o.note("member %s joins, until %q: %v", e.Name, until, err)
		if o.fault = j.fault; o.fault != nil {
			return true
		}
		var bad *failed
		if errors.As(err, &bad) {
			o.tally["join failed: "+string(bad.code)]++
			o.codes = append(o.codes, bad.code)
			o.repairAfter(bad.code, m)
			whole = false
		}
	}
	if !whole {
		return false
	}
	return o.recovered(cluster)
}

// give adds nodes to lost_nodes.
func (o *operator) give(m *machine) {
	m.stop(0)
	if m.power == on {
		m.power = off
	}
	if m.power == off {
		m.power = destroyed // switched off for good
		m.disk, m.unmounted = nil, nil
	}
	if !slices.Contains(o.req.Lost, m.key) {
		o.req.Lost = append(slices.Clone(o.req.Lost), m.key)
	}
}

// bringBack repairs how a machine is reached.
func (o *operator) bringBack(m *machine) {
	m.access, m.cut = reachable, false
	if m.power == off {
		m.power = on
		o.start(m)
	}
	o.settle()
}

// repairAfter does what a failed apply asks for.
func (o *operator) repairAfter(code recovery.Code, m *machine) {
	switch code {
	case recovery.CodeAlarm:
		o.alarm = false
	case recovery.CodeAuthEnabled:
		o.auth = false
	case recovery.CodeForceInManifest:
		o.takeFlagsOut()
	case recovery.CodeCommitBehind:
		m.image = 2
	case recovery.CodePeersOutOfReach:
		o.correctAllURLs()
	case recovery.CodeLostNodeServes:
		o.serving(o.look(o.texts))
	case recovery.CodeNeededForQuorum:
		for _, x := range o.machines {
			x.expired = false
			if x.key == "" && x.running { // a voter that the survey does not look at
				x.key = o.freeKey(x.name)
			}
		}
	default:
		m.wontStart, m.kubeletDown, m.full, m.expired = false, false, false, false
		if m.newer { // as the container's log says
			m.image = 2
		}
		for _, x := range o.machines { // the network
			x.cut = false
		}
		for _, l := range o.leaders() { // a learner that was left
			for _, x := range l.disk.tip.members {
				if x.Learner && code == recovery.CodeLearnerInTheWay {
					o.removeMember(l, x.ID)
				}
			}
		}
	}
	o.settle()
}

func (o *operator) takeFlagsOut() {
	for _, m := range o.machines {
		reach, _, _ := m.reach()
		if reach == recovery.Reached && (m.manifest == forcedByHand || m.manifest == forcedByUs) {
			m.stop(0)
			m.manifest = inPlace
			o.start(m)
		}
	}
	o.settle()
}

// silent are the nodes that do not answer and are not given up.
func (o *operator) silent(s recovery.Survey) []*machine {
	var all []*machine
	for _, e := range s {
		if e.Reach == recovery.Silent && !slices.Contains(o.req.Lost, e.Name) {
			all = append(all, o.find(e.Name))
		}
	}
	return all
}

func quotedIn(text, after string) []string {
	_, rest, ok := strings.Cut(text, after)
	if !ok {
		return nil
	}
	if end := strings.IndexAny(rest, "]\n"); end >= 0 {
		rest = rest[:end]
	}
	var names []string
	for _, m := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(rest, -1) {
		names = append(names, m[1])
	}
	return names
}
