package sample

import (
	"slices"
	"strconv"
	"testing"
)

func TestOf(t *testing.T) {
	all := []int{0, 1, 2, 3, 4, 5, 6}
	want := []int{0, 2, 4}
	if Whole {
		want = all
	}
	if got := Of(all, 3); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Of(all, 9); !slices.Equal(got, all) {
		t.Errorf("got %v, want all", got)
	}
}

func TestWithFirst(t *testing.T) {
	all := []string{"dash", "bash", "old bash", "ash"}
	seen := map[string]bool{}
	for i := range 100 {
		got := WithFirst(all, strconv.Itoa(i))
		if got[0] != "dash" || len(got) != 2 && !Whole {
			t.Fatalf("got %v", got)
		}
		for _, name := range got[1:] {
			seen[name] = true
		}
	}
	if len(seen) != 3 {
		t.Errorf("only %v have a turn", seen)
	}
}
