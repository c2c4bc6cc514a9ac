package manifest

import (
	"fmt"
	"strings"
)

// diffContext is the number of unchanged lines around a change.
const diffContext = 2

// Diff is the unified line diff from a to b with two lines of context, headed
// by the labels. It is "" when they are equal.
func Diff(from, to string, a, b []byte) string {
	if string(a) == string(b) {
		return ""
	}
	changes := compareLines(splitLines(string(a)), splitLines(string(b)))
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", from, to)
	lineA, lineB := 0, 0
	for start := 0; start < len(changes); {
		if changes[start].sign == ' ' {
			start, lineA, lineB = start+1, lineA+1, lineB+1
			continue
		}
		lead := min(diffContext, start, leading(changes, start))
		end := hunkEnd(changes, start)
		countA, countB := writeHunk(&out, changes[start-lead:end], lineA-lead, lineB-lead)
		lineA, lineB, start = lineA-lead+countA, lineB-lead+countB, end
	}
	return out.String()
}

// leading is the number of unchanged lines just before an index.
func leading(changes []lineChange, index int) int {
	n := 0
	for index-n > 0 && changes[index-n-1].sign == ' ' {
		n++
	}
	return n
}

// hunkEnd is the end of the hunk whose first change is given: changes that are
// near enough share one, and context follows the last.
func hunkEnd(changes []lineChange, start int) int {
	last := start
	for i := start; i < len(changes) && i-last <= 2*diffContext+1; i++ {
		if changes[i].sign != ' ' {
			last = i
		}
	}
	return min(last+1+diffContext, len(changes))
}

// writeHunk writes a hunk that begins after so many lines, and returns how many
// lines of each text it covers.
func writeHunk(out *strings.Builder, hunk []lineChange, beforeA, beforeB int) (countA, countB int) {
	for _, c := range hunk {
		if c.sign != '+' {
			countA++
		}
		if c.sign != '-' {
			countB++
		}
	}
	fmt.Fprintf(out, "@@ -%s +%s @@\n", hunkRange(beforeA, countA), hunkRange(beforeB, countB))
	for _, c := range hunk {
		out.WriteByte(c.sign)
		out.WriteString(c.text)
		if !strings.HasSuffix(c.text, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
	return countA, countB
}

// hunkRange writes a range as diff does: an empty one is named by the line
// before it.
func hunkRange(before, count int) string {
	if count == 0 {
		return fmt.Sprintf("%d,0", before)
	}
	return fmt.Sprintf("%d,%d", before+1, count)
}
