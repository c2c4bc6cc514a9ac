package survey

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// TestReadJournals takes a journal that cannot be read for a problem, and never for none.
func TestReadJournals(t *testing.T) {
	all, problems := ReadJournals([]node.File{
		{Path: "/w/seed-x.journal", Text: []byte(`{"Operation": "seed", "ID": "x", "Phase": "copied"}`)},
		{Path: "/w/seed-y.journal", Text: []byte(`{"Operation": "seed", "ID": "y", "Pha`)},
		{Path: "/w/seed-z.journal"},
	})
	if len(all) != 1 || all[0].ID != "x" {
		t.Errorf("journals %v", all)
	}
	if len(problems) != 2 || !strings.Contains(problems[0], "/w/seed-y.journal cannot be read (unexpected end") ||
		!strings.Contains(problems[1], "/w/seed-z.journal") {
		t.Errorf("problems %q", problems)
	}
}
