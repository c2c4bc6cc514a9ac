package recovery

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// plain is a journal without its methods, which would call themselves here.
type plain Journal

// journalText is a journal as it is written: for people too, who know IDs in hex, as etcd prints them.
type journalText struct {
	Operation Operation
	ID        string
	Master    string
	Phase     Phase
	Cluster   string `json:",omitzero"`
	Member    string `json:",omitzero"`
	plain
}

// MarshalJSON writes the journal.
func (j Journal) MarshalJSON() ([]byte, error) {
	return json.Marshal(journalText{
		Operation: j.Operation,
		ID:        j.ID,
		Master:    j.Master,
		Phase:     j.Phase,
		Cluster:   hex(j.Cluster),
		Member:    hex(j.Member),
		plain:     plain(j),
	})
}

func hex(id etcd.ID) string {
	if id == 0 {
		return ""
	}
	return id.String()
}

// UnmarshalJSON reads a journal, also one that an older version of the provider wrote.
func (j *Journal) UnmarshalJSON(text []byte) error {
	read := struct {
		journalText
		Marks                       *marks
		Finished, Undone, Abandoned time.Time // older versions wrote these beside the phase
	}{}
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	got := Journal(read.plain)
	got.Operation, got.ID, got.Master, got.Phase = read.Operation, read.ID, read.Master, read.Phase
	var err error
	if got.Cluster, err = id(read.Cluster); err != nil {
		return fmt.Errorf("the cluster ID in a journal: %w", err)
	}
	if got.Member, err = id(read.Member); err != nil {
		return fmt.Errorf("the member ID in a journal: %w", err)
	}
	got.Marked = read.Marks != nil
	if got.Marked && got.Phase == PhaseNone {
		read.Marks.fill(&got)
	}
	switch {
	case !read.Finished.IsZero():
		got.End(PhaseFinished, read.Finished)
	case !read.Undone.IsZero():
		got.End(PhaseUndone, read.Undone)
	case !read.Abandoned.IsZero():
		got.End(PhaseAbandoned, read.Abandoned)
	}
	*j = got
	return nil
}

func id(text string) (etcd.ID, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 16, 64)
	return etcd.ID(n), err
}

// marks are what older versions of the provider wrote in place of a phase and the typed fields: texts under names.
type marks map[string]string

// fill puts what the marks say into the fields of a journal.
func (m marks) fill(j *Journal) {
	j.Places = Places{Data: m["keep_data"], WAL: m["keep_wal"]}
	if whole := m["old_data"]; whole != "" {
		j.Places = Places{Data: whole, WAL: m["keep_wal"], Whole: true}
		if wal := m["old_wal"]; wal != "" {
			j.Places.WAL = wal
		}
	}
	j.Moved, j.Stopped, j.SeedRan = m.nodes("moved"), m.nodes("stopped"), m["seed_ran"] != ""
	if n, err := strconv.ParseInt(m["discarded"], 10, 64); err == nil {
		j.Discarded = &n
	}
	j.Learner, j.Removed, j.Voter = m["learner"], m["removed"], m["voter"]
	j.ManifestBefore, j.ManifestAfter, j.ManifestKept = m["manifest_before"], m["manifest_after"], m["manifest_kept"]
	j.Phase = m.phase(j)
}

// nodes returns the names in a mark: a JSON list, or, from the oldest versions, names with spaces between them.
func (m marks) nodes(key string) []string {
	var names []string
	if json.Unmarshal([]byte(m[key]), &names) != nil || names == nil {
		return strings.Fields(m[key])
	}
	return names
}

// phase returns how far an operation came that has left these marks.
func (m marks) phase(j *Journal) Phase {
	switch {
	case j.Operation == OperationMember:
		return m.memberPhase(j)
	case m["unforced"] != "":
		return PhaseUnforced
	case m["forced"] != "":
		return PhaseForced
	case m["forcing"] != "":
		return PhaseForcing
	case j.Places.Whole:
		return PhaseCopied
	}
	return PhaseBegun // that etcd was stopped is looked at again
}

func (m marks) memberPhase(j *Journal) Phase {
	switch {
	case j.Voter != "":
		return PhaseVoter
	case j.Learner != "" && j.ManifestAfter != "":
		return PhaseStarted
	case j.Learner != "":
		return PhaseAdded
	case j.Places.Whole:
		return PhaseMoved
	case j.Places.Data != "":
		return PhaseMoving
	}
	return PhaseBegun
}
