package recovery

import (
	"strings"
	"unicode"
)

// Printable is a text without what would command a terminal, or turn its writing around: names, paths and log lines
// come from masters as they are.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029':
			return unicode.ReplacementChar
		}
		return r
	}, text) // what is not UTF-8 becomes the replacement character, too
}
