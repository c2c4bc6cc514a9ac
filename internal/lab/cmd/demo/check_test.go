//go:build linux

package main

import "testing"

// The demo's exit code is worth nothing if it can't see what is wrong.
func TestProblems(t *testing.T) {
	before := data{keys: map[string]string{"a": "1", "b": "2"}}
	good := func() view {
		return view{
			data:    data{keys: map[string]string{"a": "1", "b": "2", "later": "3"}},
			id:      1,
			cluster: 9,
			leader:  1,
			state:   "voter, leader",
			members: 3,
			hash:    7,
		}
	}
	for name, c := range map[string]struct {
		spoil func(*view)
		want  int
	}{
		"nothing":         {func(*view) {}, 0},
		"a key missing":   {func(v *view) { delete(v.keys, "b") }, 1},
		"a value changed": {func(v *view) { v.keys["b"] = "3" }, 1},
		"a learner":       {func(v *view) { v.state = "learner" }, 1},
		"not started":     {func(v *view) { v.state = "not started" }, 1},
		"two voters":      {func(v *view) { v.members = 2 }, 1},
		"another hash":    {func(v *view) { v.hash++ }, 1},
		"another cluster": {func(v *view) { v.cluster++ }, 1},
		"no leader":       {func(v *view) { v.leader = 0 }, 1},
		"a force flag":    {func(v *view) { v.forced = true }, 1},
	} {
		v := good()
		c.spoil(&v)
		if got := v.problems("m2", good(), before); len(got) != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
