package situation

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	worlds = flag.Int("worlds", 3000, "how many are made")
	seed   = flag.Uint64("seed", 1, "of the first world; each has its own")
	showAs = flag.String("show", "", "the broken rule and kind to show, or all; without it those that are not known")
)

// first is the first world that breaks a rule in one way, and how many do.
type first struct {
	world uint64
	count int
}

// TestSituations makes worlds and holds the rules to what is planned in them.
func TestSituations(t *testing.T) {
	known := knownFaults(t)
	began := time.Now()
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		all   = tally{}
		kinds = map[string]*first{}
	)
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		wg.Go(func() {
			r := newRunner()
			found := map[string]*first{}
			for i := worker; i < *worlds; i += workers {
				n := *seed + uint64(i)
				for name := range r.one(n) {
					if found[name] == nil {
						found[name] = &first{world: n}
					}
					found[name].count++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for k, n := range r.tally {
				all[k] += n
			}
			for name, f := range found {
				if kinds[name] == nil {
					kinds[name] = &first{world: f.world}
				}
				kinds[name].count += f.count
				kinds[name].world = min(kinds[name].world, f.world)
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	t.Logf("%d worlds in %s, %.0f a second", *worlds, took.Round(time.Second), float64(*worlds)/took.Seconds())
	for _, k := range slices.Sorted(maps.Keys(all)) {
		t.Logf("%8d  %s", all[k], k)
	}
	if missing := notMet(t, all); len(missing) > 0 && *worlds >= 100_000 {
		t.Errorf("never met: %s", strings.Join(missing, ", "))
	} else if len(missing) > 0 {
		t.Logf("not met in so few worlds: %s", strings.Join(missing, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		f := kinds[name]
		line := fmt.Sprintf("broken in %d cases, first in world %d: %s", f.count, f.world, name)
		if isKnown(known, name) {
			t.Log("known: " + line)
		} else {
			t.Error(line)
		}
		if !isKnown(known, name) && *showAs == "" || *showAs == name || *showAs == "all" {
			t.Log(shown(f.world, name))
		}
	}
}

// worldOf is the world of a number.
func worldOf(n uint64) ([]event, []wish) { return generate(rand.New(rand.NewPCG(n, 0))) }

// one plays a world with each operator, and returns the rules that were broken.
func (r *runner) one(n uint64) map[string]scenario {
	events, wishes := worldOf(n)
	w := r.build(events)
	broken := map[string]scenario{}
	for _, q := range wishes {
		faults, _ := meet(w.clone(), q, r.tally)
		for _, fault := range faults {
			broken[fault.name()] = scenario{events, q}
		}
	}
	return broken
}

func shown(world uint64, name string) string {
	r := newRunner()
	s := r.shrink(r.one(world)[name], name)
	faults, turns := r.play(s)
	fault := named(faults, name)
	if fault == nil {
		return fmt.Sprintf("world %d breaks %s, and not when it is played again", world, name)
	}
	return report(s, fault, turns)
}

func isKnown(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { fits, _ := path.Match(p, name); return fits })
}

// knownFaults are those that the planner has, and that are not errors of this test.
func knownFaults(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "known"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), " "); name != "" && name[0] != '#' {
			names = append(names, name)
		}
	}
	return names
}
