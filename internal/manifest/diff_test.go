package manifest

import (
	"fmt"
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	numbers := func(from, to int) string {
		var out strings.Builder
		for i := from; i <= to; i++ {
			fmt.Fprintln(&out, i)
		}
		return out.String()
	}
	tests := map[string]struct{ a, b, want string }{
		"equal":      {"a\n", "a\n", ""},
		"both empty": {"", "", ""},
		"from empty": {"", "a\n", "--- x\n+++ y\n@@ -0,0 +1,1 @@\n+a\n"},
		"to empty":   {"a\n", "", "--- x\n+++ y\n@@ -1,1 +0,0 @@\n-a\n"},
		"no newline": {"a\nb", "a\nb\n", "--- x\n+++ y\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"},
		"crlf":       {"a\r\n", "a\n", "--- x\n+++ y\n@@ -1,1 +1,1 @@\n-a\r\n+a\n"},
		"replaced": {
			numbers(1, 7),
			strings.Replace(numbers(1, 7), "4", "x", 1),
			"--- x\n+++ y\n@@ -2,5 +2,5 @@\n 2\n 3\n-4\n+x\n 5\n 6\n",
		},
		"near": {
			numbers(1, 9),
			strings.NewReplacer("3\n", "", "8", "x").Replace(numbers(1, 9)),
			"--- x\n+++ y\n@@ -1,9 +1,8 @@\n 1\n 2\n-3\n 4\n 5\n 6\n 7\n-8\n+x\n 9\n",
		},
		"far": {
			numbers(1, 9),
			strings.NewReplacer("2\n", "", "8", "x").Replace(numbers(1, 9)),
			"--- x\n+++ y\n@@ -1,4 +1,3 @@\n 1\n-2\n 3\n 4\n@@ -6,4 +5,4 @@\n 6\n 7\n-8\n+x\n 9\n",
		},
		"insert":      {"a\nb\n", "a\nn\nb\n", "--- x\n+++ y\n@@ -1,2 +1,3 @@\n a\n+n\n b\n"},
		"blank lines": {"a\n\n", "a\n\n\n", "--- x\n+++ y\n@@ -1,2 +1,3 @@\n a\n \n+\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Diff("x", "y", []byte(test.a), []byte(test.b)); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			checkPatch(t, []byte(test.a), []byte(test.b))
		})
	}
}

// Texts too large to compare are shown as replaced, which still is a diff.
func TestDiffLarge(t *testing.T) {
	var a, b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&a, "a%d\n", i)
		fmt.Fprintf(&b, "b%d\n", i)
	}
	checkPatch(t, []byte(a.String()), []byte(b.String()))
}

func FuzzDiff(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nc\nd")
	f.Add("", "\n")
	f.Fuzz(func(t *testing.T, a, b string) { checkPatch(t, []byte(a), []byte(b)) })
}

// checkPatch applies the diff to the first text, as patch would, and compares.
func checkPatch(t *testing.T, a, b []byte) {
	t.Helper()
	diff := Diff("a", "b", a, b)
	if diff == "" {
		if string(a) != string(b) {
			t.Error("no diff of different texts")
		}
		return
	}
	lines := splitLines(string(a))
	var out strings.Builder
	next := 0 // line of a that comes next
	diffLines := splitLines(diff)[2:]
	for i, line := range diffLines {
		if strings.HasPrefix(line, "@@ ") {
			var start, count int
			if _, err := fmt.Sscanf(line, "@@ -%d,%d", &start, &count); err != nil {
				t.Fatal(err)
			}
			if count > 0 {
				start--
			}
			for ; next < start; next++ {
				out.WriteString(lines[next])
			}
			continue
		}
		if line[0] == '\\' {
			continue
		}
		text := line[1:]
		if i+1 < len(diffLines) && diffLines[i+1][0] == '\\' {
			text = strings.TrimSuffix(text, "\n")
		}
		if line[0] != '+' {
			if lines[next] != text {
				t.Fatalf("the diff says %q where %q is", text, lines[next])
			}
			next++
		}
		if line[0] != '-' {
			out.WriteString(text)
		}
	}
	for ; next < len(lines); next++ {
		out.WriteString(lines[next])
	}
	if out.String() != string(b) {
		t.Errorf("the diff leads to\n%q\nnot to\n%q\n%s", out.String(), b, diff)
	}
}
