package situation

import (
	"math/rand/v2"
	"strconv"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// generate makes the events of a world, and the operators who meet it.
func generate(r *rand.Rand) ([]event, []wish) {
	g := &generator{r: r, n: []int{1, 3, 3, 3, 3, 3, 5, 5}[r.IntN(8)]}
	g.add("found", "", "", g.n)
	if r.IntN(2) == 0 {
		for i := range g.n {
			g.add("image", "m"+strconv.Itoa(i+1), "", g.versionOfAll())
		}
	}
	g.add("write", "m1", "", 1+r.IntN(4))
	for range r.IntN(6) {
		g.past()
	}
	if r.IntN(3) == 0 {
		g.tale()
	}
	for range 1 + r.IntN(5) {
		g.disaster()
	}
	for range r.IntN(3) {
		g.oddity()
	}
	wishes := []wish{{gives: r.IntN(2) == 0}}
	if r.IntN(2) == 0 {
		wishes[0].interrupt = g.interrupt()
	} else if r.IntN(3) == 0 {
		wishes[0].interrupt = g.joinInterrupt()
	}
	wishes = append(wishes, wish{node: g.any(), gives: r.IntN(2) == 0})
	if r.IntN(10) == 0 { // with each node
		for i := range g.n {
			wishes = append(wishes, wish{node: "m" + strconv.Itoa(i+1)})
		}
	}
	if wishes[0].interrupt != "" {
		wishes[0].gently = r.IntN(2) == 0
	}
	for i := range wishes {
		if g.begun != "" && r.IntN(3) == 0 {
			wishes[i].id = "earlier-" + g.begun
		}
		switch r.IntN(40) {
		case 0:
			wishes[i].less = []string{g.any()}
		case 1, 2:
			wishes[i].lost = []string{g.any()}
		case 3:
			m := g.any()
			wishes[i].lost = []string{m, m}
		}
		wishes[i].anyOrder = r.IntN(20) != 0 // an edit of a manifest takes longer than all else
	}
	return g.events, wishes
}

type generator struct {
	r      *rand.Rand
	n      int
	events []event
	all    int // the image of all, 0 while it is not chosen
	begun  string
	addr   int
}

func (g *generator) add(verb, on, with string, n int) {
	if verb == "begin" {
		g.begun = on
	}
	g.events = append(g.events, event{verb, on, with, n})
}

func (g *generator) any() string { return "m" + strconv.Itoa(1+g.r.IntN(g.n)) }

func (g *generator) versionOfAll() int {
	if g.all == 0 {
		g.all = 1 + g.r.IntN(len(images()))
	}
	return g.all - 1
}

func (g *generator) newAddr() int {
	g.addr++
	return 20 + g.addr
}

func (g *generator) interrupt() recovery.StepID {
	steps := append(seedSteps(), midForce, midForce, recovery.StepForce)
	return steps[g.r.IntN(len(steps))]
}

func (g *generator) joinInterrupt() recovery.StepID { return joinSteps()[g.r.IntN(len(joinSteps()))] }

// past is what happens while the cluster works.
func (g *generator) past() {
	switch g.r.IntN(15) {
	case 14:
		m := g.any()
		g.add("wipe", m, "", 0)
		g.add("join", m, string(g.joinInterrupt()), 0)
	case 0, 1, 2:
		g.add("write", g.any(), g.any(), 1+g.r.IntN(5))
	case 3:
		if g.n < 7 {
			g.n++
		}
		verb := "grow"
		if g.r.IntN(4) == 0 {
			verb = "learner"
		}
		g.add(verb, "m"+strconv.Itoa(g.n), g.any(), 0)
	case 4:
		g.add("remove", g.any(), g.any(), 0)
	case 5, 6:
		g.add("replace", g.any(), g.any(), 0)
	case 7:
		g.add("snapshot", g.any(), "", 0)
	case 8, 9:
		g.add("kill", g.any(), "", g.r.IntN(12))
		g.add("write", g.any(), "", 1+g.r.IntN(3))
	case 10, 11:
		g.add("boot", g.any(), "", 0)
	case 12:
		g.add("cut", g.any(), "", 0)
		g.add("write", g.any(), "", 1+g.r.IntN(3))
	case 13:
		g.add("heal", g.any(), "", 0)
	}
}

// disaster is what brings a cluster down, and what people make of it.
func (g *generator) disaster() {
	switch g.r.IntN(26) {
	case 25:
		g.add("bare", g.any(), "", 0)
	case 24:
		for range 2 {
			m := g.any()
			g.add("each", m, "", 0)
			g.add("write", m, "", g.r.IntN(4))
		}
	case 23:
		m := g.any()
		g.add("wipe", m, "", 0)
		g.add("join", m, string(g.joinInterrupt()), 0)
	case 22:
		g.add("drift", g.any(), "", 1+g.r.IntN(3))
	case 0, 1, 2:
		g.add("kill", g.any(), "", g.r.IntN(12))
	case 3, 4:
		m := g.any()
		g.add("kill", m, "", g.r.IntN(12))
		g.add("boot", m, "", 0)
	case 5, 6, 7:
		g.add("destroy", g.any(), "", 0)
	case 8, 9:
		g.add("wipe", g.any(), "", 0)
	case 10:
		g.add("unmount", g.any(), "", g.r.IntN(8))
	case 11:
		g.add("damage", g.any(), "", 0)
	case 12:
		g.add("cut", g.any(), "", 0)
	case 13:
		m := g.any()
		g.add("tail", m, "", 1+g.r.IntN(3))
		g.add("boot", m, "", 0)
	case 14:
		g.add("crash", g.any(), "", g.r.IntN(12))
	case 15:
		g.add("park", g.any(), "", 0)
	case 16:
		m := g.any()
		g.add("wipe", m, "", 0)
		g.add("refound", m, "", 0)
		g.add("write", m, "", g.r.IntN(4))
	case 17:
		verb := "force"
		if g.r.IntN(3) == 0 {
			verb = "flag"
		}
		m := g.any()
		g.add(verb, m, "", 0)
		g.add("write", m, "", g.r.IntN(4))
	case 18:
		m := g.any()
		g.add("restore", m, "", 0)
		g.add("write", m, "", g.r.IntN(4))
	case 19:
		a, b := g.any(), g.any()
		g.add("wipe", a, "", 0)
		g.add("wipe", b, "", 0)
		g.add("anew", a, b, 0)
		g.add("write", a, "", g.r.IntN(4))
	case 20, 21:
		g.add("begin", g.any(), string(g.interrupt()), 0)
	}
}

// oddity is what makes a node hard to deal with.
func (g *generator) oddity() {
	switch g.r.IntN(16) {
	case 15:
		g.add("quiet", g.any(), "", 0)
	case 14:
		g.add("older", g.any(), "", 0)
	case 13:
		if g.r.IntN(3) == 0 {
			g.add("auth", g.any(), "", 0)
		}
	case 0, 1:
		g.add("access", g.any(), "", 1+g.r.IntN(int(lastAccess)-1))
	case 2:
		g.add("expire", g.any(), "", 0)
	case 3:
		g.add("kubelet", g.any(), "", 0)
	case 4:
		if g.r.IntN(4) == 0 {
			g.add("elsewhere", g.any(), "", 0)
		}
	case 5:
		g.add("uneditable", g.any(), "", 0)
	case 6:
		g.add("unmanifest", g.any(), "", 0)
	case 7:
		g.add("image", g.any(), "", g.r.IntN(len(images())))
	case 8:
		g.add("fill", g.any(), "", 0)
	case 9:
		g.add("address", g.any(), "", g.newAddr())
	case 10:
		g.add("hide", g.any(), "", 0)
	case 11:
		g.add("rebuild", g.any(), "", g.newAddr())
	case 12:
		g.add("alarm", g.any(), "", 0)
	}
}

// tale is a chain of events that chance would make too seldom.
func (g *generator) tale() {
	switch g.r.IntN(5) {
	case 4: // a recovery is broken off, and the others join by hand
		a := g.any()
		for i := range g.n {
			if m := "m" + strconv.Itoa(i+1); m != a {
				g.add("wipe", m, "", 0)
			}
		}
		g.add("begin", a, string(g.interrupt()), 0)
		for i := range g.n {
			g.add("grow", "m"+strconv.Itoa(i+1), a, 0)
		}
		g.add("write", a, "", 1+g.r.IntN(4))
	case 0: // a recovery is broken off, another one is made, its node comes back, and time goes by
		a, b := g.any(), g.any()
		for i := range g.n {
			if m := "m" + strconv.Itoa(i+1); m != a && m != b {
				g.add("kill", m, "", 0)
			}
		}
		g.add("kill", b, "", 0)
		g.add("begin", a, string(g.interrupt()), 0)
		g.add("kill", a, "", 0)
		g.add("boot", b, "", 0)
		g.add("force", b, "", 0)
		for i := range g.n {
			if m := "m" + strconv.Itoa(i+1); m != b {
				g.add("replace", m, b, 0)
			}
		}
		g.add("write", b, a, 1+g.r.IntN(4))
	case 1: // all but one are rebuilt under their names
		for i := 1; i < g.n; i++ {
			g.add("rebuild", "m"+strconv.Itoa(i+1), "", g.newAddr())
		}
		g.add("cut", "m1", "", 0)
	case 2: // a disk is not mounted after a power loss
		for i := range g.n {
			m := "m" + strconv.Itoa(i+1)
			g.add("kill", m, "", g.r.IntN(8))
			if i > 0 {
				g.add("unmount", m, "", 0)
			}
			g.add("boot", m, "", 0)
		}
	case 3: // shrunk, with one that has missed it
		g.add("kill", "m1", "", 0)
		for i := range g.n {
			g.add("remove", "m"+strconv.Itoa(i+1), g.any(), 0)
		}
		g.add("write", g.any(), "", 2)
		g.add("boot", "m1", "", 0)
	}
}
