package manifest

import (
	"slices"
	"strings"
)

// lineChange is one line of a comparison: ' ' in both texts, '-' only in the
// first, '+' only in the second.
type lineChange struct {
	sign byte
	text string
}

// splitLines cuts a text into lines, each with its line break.
func splitLines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" { // behind the last line break
		lines = lines[:len(lines)-1]
	}
	return lines
}

// maxCells bounds the memory of a comparison. Beyond it, the texts' middles are
// shown as replaced altogether, which is right, if not short.
const maxCells = 4 << 20

// compareLines aligns two texts by their longest common subsequence.
func compareLines(a, b []string) []lineChange {
	var head, tail []lineChange
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		head = append(head, lineChange{' ', a[0]})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append(tail, lineChange{' ', a[len(a)-1]})
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	slices.Reverse(tail)
	return slices.Concat(head, compareMiddle(a, b), tail)
}

func compareMiddle(a, b []string) []lineChange {
	var changes []lineChange
	i, j := 0, 0
	if (len(a)+1)*(len(b)+1) <= maxCells {
		common := commonLengths(a, b)
		for i < len(a) && j < len(b) {
			switch {
			case a[i] == b[j]:
				changes = append(changes, lineChange{' ', a[i]})
				i, j = i+1, j+1
			case common[i+1][j] >= common[i][j+1]:
				changes = append(changes, lineChange{'-', a[i]})
				i++
			default:
				changes = append(changes, lineChange{'+', b[j]})
				j++
			}
		}
	}
	for ; i < len(a); i++ {
		changes = append(changes, lineChange{'-', a[i]})
	}
	for ; j < len(b); j++ {
		changes = append(changes, lineChange{'+', b[j]})
	}
	return changes
}

// commonLengths holds, for each pair of suffixes, the length of their longest
// common subsequence.
func commonLengths(a, b []string) [][]int32 {
	table := make([][]int32, len(a)+1)
	for i := range table {
		table[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}
