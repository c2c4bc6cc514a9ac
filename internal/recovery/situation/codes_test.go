package situation

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// plannersCodes are the codes of all refusals that package planner has, by what stands in their place in the text.
func plannersCodes(t *testing.T) []string {
	t.Helper()
	values := map[string]string{}
	text, err := os.ReadFile("../codes.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(Code\w+) +Code = "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
		values[m[1]] = m[2]
	}
	files, err := filepath.Glob("../planner/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	made := regexp.MustCompile(`Code: +(?:recovery\.)?(Code\w+)`)
	for _, file := range append(files, "../kubelet.go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range made.FindAllStringSubmatch(string(text), -1) {
			codes = append(codes, values[m[1]])
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// notMet are the codes, verdicts and ends that never came up, of those that the planner has.
func notMet(t *testing.T, all tally) []string {
	t.Helper()
	var missing []string
	for _, code := range plannersCodes(t) {
		if all["seed refused: "+code]+all["member refused: "+code] == 0 {
			missing = append(missing, "refusal "+code)
		}
	}
	for _, v := range []planner.State{
		planner.Alive, planner.Startable, planner.Lost, planner.Unclear, planner.Undetermined, planner.Unreached,
		planner.NoData,
	} {
		if all["verdict: "+string(v)] == 0 {
			missing = append(missing, "verdict "+string(v))
		}
	}
	for _, what := range []string{
		"choice: best", "choice: named", "choice: resumed",
		"choice: with loss accepted", "member: joins", "member: healthy", "ended: recovered", "ended: snapshot",
	} {
		if all[what] == 0 {
			missing = append(missing, what)
		}
	}
	return missing
}
