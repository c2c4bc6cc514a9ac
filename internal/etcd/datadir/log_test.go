package datadir

import (
	"bytes"
	"os"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// number and data are fields of a message.
func number(field protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), value)
}

func data(field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), value)
}

// entryOf is an entry as etcd writes it (raftpb.Entry).
func entryOf(kind, term, index uint64, request []byte) []byte {
	return bytes.Join([][]byte{number(1, kind), number(2, term), number(3, index), data(4, request)}, nil)
}

// changeOf is what a change of the membership has in it (raftpb.ConfChange).
func changeOf(kind ChangeKind, member uint64) []byte {
	return bytes.Join([][]byte{number(1, 77), number(2, uint64(kind)), number(3, member), data(4, []byte("{}"))}, nil)
}

// TestEntries reads membership changes out of log entries, and the sums that tell two logs apart.
func TestEntries(t *testing.T) {
	const self, other = 8, 9
	p := &piece{}
	for i, request := range [][]byte{
		changeOf(AddVoter, other), changeOf(AddLearner, self), changeOf(UpdateMember, self), changeOf(AddVoter, self),
		changeOf(RemoveMember, other),
	} {
		if err := p.entry(entryOf(1, 2, uint64(i+3), request)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.entry(entryOf(0, 3, 8, nil)); err != nil { // as a leader begins its term
		t.Fatal(err)
	}
	l, err := join([]*piece{p}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		member, after, upTo uint64
		want                ChangeKind
		found               bool
	}{
		{self, 0, 3, 0, false},
		{self, 0, 5, AddLearner, true},
		{self, 0, 8, AddVoter, true},
		{self, 4, 5, 0, false}, // an update changes no vote
		{self, 6, 8, 0, false},
		{other, 3, 8, RemoveMember, true},
	} {
		if got, found := l.LastChange(c.member, c.after, c.upTo); got != c.want || found != c.found {
			t.Errorf("member %d after %d up to %d: got %d, %v", c.member, c.after, c.upTo, got, found)
		}
	}
	if l.SumOf(2) != 0 || l.SumOf(3) == 0 || l.SumOf(3) == l.SumOf(4) || l.SumOf(8) != 0 || l.SumOf(9) != 0 {
		t.Errorf("sums: %v from %d", l.sums, l.FirstIndex)
	}

	// Another leader's entries take the place of those that were not committed.
	before := l.SumOf(5)
	if err := p.entry(entryOf(0, 4, 6, []byte("x"))); err != nil {
		t.Fatal(err)
	}
	if l, err = join([]*piece{p}, nil, false); err != nil {
		t.Fatal(err)
	}
	if kind, found := l.LastChange(self, 0, 8); !found || kind != AddLearner {
		t.Errorf("the promotion was overwritten, and the last change is %d, %v", kind, found)
	}
	if l.SumOf(5) != before || l.SumOf(6) == 0 || l.SumOf(7) != 0 || l.LastIndex != 6 {
		t.Errorf("sums: %v from %d to %d", l.sums, l.FirstIndex, l.LastIndex)
	}
}

// TestEntriesOfEtcd reads the log of a real one, which begins with the entry that makes it a voter.
func TestEntriesOfEtcd(t *testing.T) {
	text, err := os.ReadFile("testdata/segment")
	if err != nil {
		t.Fatal(err)
	}
	p, err := readSegment(bytes.NewReader(text), true)
	if err != nil {
		t.Fatal(err)
	}
	l, err := join([]*piece{p}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	if kind, found := l.LastChange(l.MemberID, 0, l.LastIndex); !found || kind != AddVoter {
		t.Errorf("the member was added by %d, %v", kind, found)
	}
	if l.SumOf(l.FirstIndex) == 0 {
		t.Error("its first entry has nothing in it")
	}
}
