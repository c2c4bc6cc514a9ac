package recovery_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

func began() time.Time { return time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC) }

func read(t *testing.T, text string) recovery.Journal {
	t.Helper()
	var j recovery.Journal
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		t.Fatal(err)
	}
	return j
}

// TestJournalText writes a journal with everything in it, and reads it back.
func TestJournalText(t *testing.T) {
	dropped := int64(0)
	j := recovery.Journal{
		Operation:      recovery.OperationSeed,
		ID:             "2026-11-22",
		Master:         "m 1",
		Started:        began(),
		Ended:          began().Add(time.Hour),
		Phase:          recovery.PhaseAbandoned,
		Came:           recovery.PhaseForcing,
		Cluster:        0xcdf818194e3a8c32,
		Member:         0x8e9e05c52164694d,
		Places:         recovery.Places{Data: "/old/1", WAL: "/oldwal/1", Whole: true},
		Moved:          []string{"m 1", "m,2"},
		Stopped:        []string{"m 1", "m,2", `m"3`},
		SeedRan:        true,
		Discarded:      &dropped,
		Learner:        "1",
		Removed:        "2",
		Voter:          "3",
		ManifestBefore: "aa",
		ManifestAfter:  "bb",
		ManifestKept:   "/kept",
		Steps:          []recovery.Entry{{Time: began(), ID: recovery.StepForce, Number: 6, Of: 9, Step: "force"}},
	}
	for name, of := range map[string]any{"a pointer": &j, "a value": j} {
		text, err := json.MarshalIndent(of, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		const head = `{
  "Operation": "seed",
  "ID": "2026-11-22",
  "Master": "m 1",
  "Phase": "abandoned",
  "Cluster": "cdf818194e3a8c32",
  "Member": "8e9e05c52164694d",
  "Started": "2026-11-22T03:04:05Z",
`
		if !strings.HasPrefix(string(text), head) || strings.Contains(string(text), "Marks") {
			t.Errorf("of %s: %s", name, text)
		}
		if got := read(t, string(text)); !reflect.DeepEqual(got, j) {
			t.Errorf("of %s: read as %+v", name, got)
		}
	}
	if err := json.Unmarshal([]byte(`{"Operation": "seed", "Member": "m1"}`), &j); err == nil {
		t.Error("an ID that is none was taken")
	}
	e := recovery.Evidence{Journals: []recovery.Journal{{Operation: recovery.OperationSeed}}}
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var got recovery.Evidence
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(e, got) {
		t.Errorf("the evidence %s is read as %+v (%v)", text, got, err)
	}
}

// TestClone changes a copy, which leaves the journal as it was.
func TestClone(t *testing.T) {
	n := int64(7)
	j := recovery.Journal{Moved: make([]string, 1, 4), Steps: make([]recovery.Entry, 1, 4), Discarded: &n}
	c := j.Clone()
	c.Moved[0], c.Steps[0].Step, *c.Discarded, c.Phase = "m1", "force", 8, recovery.PhaseForced
	if j.Moved[0] != "" || j.Steps[0].Step != "" || *j.Discarded != 7 || j.Phase != recovery.PhaseNone {
		t.Errorf("it is %+v", j)
	}
}

// TestOldJournals reads what older versions of the provider wrote, which had texts under names in place of a phase.
func TestOldJournals(t *testing.T) {
	file := func(name string) string {
		text, err := os.ReadFile(filepath.Join("planner", "testdata", "journals", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const before = "5f0c0a1f2d0be6b4d3cbe8a4bd9d3f4b6a0f6b7f2c1c8ac3fbd5b6a5d7e8f901"
	seven := int64(7)
	whole := recovery.Places{Data: "/old", Whole: true}
	for name, c := range map[string]struct {
		text string
		want recovery.Journal // without operation, ID, master and times, which never had another form
	}{
		"the seed's file": {
			text: file("seed-without-ids.json"),
			want: recovery.Journal{
				Phase:          recovery.PhaseCopied,
				Places:         recovery.Places{Data: "/var/lib/etcd.etcdrecovery/1", Whole: true},
				Moved:          []string{"m1", "m2", "m3"},
				Stopped:        []string{"m1", "m2", "m3"},
				SeedRan:        true,
				ManifestBefore: before,
			},
		},
		"the member's file": {
			text: file("member-without-ids.json"),
			want: recovery.Journal{
				Phase:          recovery.PhaseFinished,
				Places:         recovery.Places{Data: "/var/lib/etcd.etcdrecovery/1", Whole: true},
				Learner:        "8e9e05c52164694d",
				Voter:          "8e9e05c52164694d",
				ManifestBefore: before,
			},
		},
		"nothing yet": {
			text: `{"Operation": "seed", "Marks": {}}`,
			want: recovery.Journal{Phase: recovery.PhaseBegun},
		},
		"a list of names": {
			text: `{"Operation": "seed", "Marks": {"moved": "[\"m 1\",\"m,2\"]", "stopped": "[]"}}`,
			want: recovery.Journal{Phase: recovery.PhaseBegun, Moved: []string{"m 1", "m,2"}, Stopped: []string{}},
		},
		"names that only look like a list": {
			text: `{"Operation": "seed", "Marks": {"moved": "[\"m1\", 2", "stopped": "null"}}`,
			want: recovery.Journal{
				Phase:   recovery.PhaseBegun,
				Moved:   []string{`["m1",`, "2"},
				Stopped: []string{"null"},
			},
		},
		"one name that looks like a value": {
			text: `{"Operation": "seed", "Marks": {"moved": "1", "stopped": "\"m1\""}}`,
			want: recovery.Journal{Phase: recovery.PhaseBegun, Moved: []string{"1"}, Stopped: []string{`"m1"`}},
		},
		"one name with a space": {
			text: `{"Operation": "seed", "Marks": {"moved": "[\"m1 m2\"]", "stopped": "m1 m2"}}`,
			want: recovery.Journal{Phase: recovery.PhaseBegun, Moved: []string{"m1 m2"}, Stopped: []string{"m1", "m2"}},
		},
		"where the copy will be": {
			text: `{"Operation": "seed", "Marks": {"keep_data": "/old", "keep_wal": "/oldwal"}}`,
			want: recovery.Journal{
				Phase:  recovery.PhaseBegun,
				Places: recovery.Places{Data: "/old", WAL: "/oldwal"},
			},
		},
		"the copy, and its log": {
			text: `{"Operation": "seed", "Marks": {"old_data": "/old", "old_wal": "/oldwal"}}`,
			want: recovery.Journal{
				Phase:  recovery.PhaseCopied,
				Places: recovery.Places{Data: "/old", WAL: "/oldwal", Whole: true},
			},
		},
		"forcing": {
			text: `{"Operation": "seed", "Marks": {"old_data": "/old", "forcing": "begun"}}`,
			want: recovery.Journal{Phase: recovery.PhaseForcing, Places: whole},
		},
		"forced": {
			text: `{"Operation": "seed", "Marks": {"old_data": "/old", "forcing": "begun",
				"forced": "2026-11-22T03:04:05Z", "discarded": "7"}}`,
			want: recovery.Journal{Phase: recovery.PhaseForced, Places: whole, Discarded: &seven},
		},
		"unforced": {
			text: `{"Operation": "seed", "Marks": {"old_data": "/old", "forcing": "begun", "manifest_after": "bb",
				"forced": "2026-11-22T03:04:05Z", "unforced": "2026-11-22T03:04:06Z", "manifest_kept": "/kept"}}`,
			want: recovery.Journal{
				Phase:         recovery.PhaseUnforced,
				Places:        whole,
				ManifestAfter: "bb",
				ManifestKept:  "/kept",
			},
		},
		"a join that moves data": {
			text: `{"Operation": "member", "Marks": {"keep_data": "/old", "removed": "2"}}`,
			want: recovery.Journal{
				Phase:   recovery.PhaseMoving,
				Places:  recovery.Places{Data: "/old"},
				Removed: "2",
			},
		},
		"a join that has moved data": {
			text: `{"Operation": "member", "Marks": {"keep_data": "/old", "old_data": "/old", "learner": "",
				"voter": "", "manifest_after": "bb"}}`,
			want: recovery.Journal{Phase: recovery.PhaseMoved, Places: whole, ManifestAfter: "bb"},
		},
		"a learner": {
			text: `{"Operation": "member", "Marks": {"learner": "3"}}`,
			want: recovery.Journal{Phase: recovery.PhaseAdded, Learner: "3"},
		},
		"a learner that was started": {
			text: `{"Operation": "member", "Marks": {"learner": "3", "manifest_after": "bb"}}`,
			want: recovery.Journal{Phase: recovery.PhaseStarted, Learner: "3", ManifestAfter: "bb"},
		},
		"a voter": {
			text: `{"Operation": "member", "Marks": {"learner": "3", "manifest_after": "bb", "voter": "3"}}`,
			want: recovery.Journal{Phase: recovery.PhaseVoter, Learner: "3", Voter: "3", ManifestAfter: "bb"},
		},
		"undone": {
			text: `{"Operation": "seed", "Undone": "2026-11-22T03:04:05Z", "Marks": {}}`,
			want: recovery.Journal{Phase: recovery.PhaseUndone, Came: recovery.PhaseBegun},
		},
		"finished": {
			text: `{"Operation": "seed", "Finished": "2026-11-22T03:04:05Z", "Marks": {}}`,
			want: recovery.Journal{Phase: recovery.PhaseFinished},
		},
		"abandoned, with a phase": {
			text: `{"Operation": "seed", "Phase": "forced", "Abandoned": "2026-11-22T03:04:05Z", "Marks": {}}`,
			want: recovery.Journal{Phase: recovery.PhaseAbandoned, Came: recovery.PhaseForced},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, c.text)
			again, err := json.Marshal(got)
			if err != nil || strings.Contains(string(again), "Marks") {
				t.Errorf("it is written as %s (%v)", again, err)
			}
			const older = "; its journal is from an older version of the provider"
			if !got.Marked || !strings.HasSuffix(got.HowFar(), older) {
				t.Errorf("nothing is said of its age: %s", got.HowFar())
			}
			got.Operation, got.ID, got.Master, got.Steps, got.Marked = "", "", "", nil, false
			got.Started, got.Ended = time.Time{}, time.Time{}
			if len(got.Moved) == 0 && len(c.want.Moved) == 0 {
				got.Moved = c.want.Moved
			}
			if len(got.Stopped) == 0 && len(c.want.Stopped) == 0 {
				got.Stopped = c.want.Stopped
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("it is read as\n%+v, want\n%+v", got, c.want)
			}
		})
	}
}
