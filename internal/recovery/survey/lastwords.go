package survey

import (
	"strings"
)

// FatalLines picks from etcd's log the last lines that say why it went. Etcd 3.4 marks them with C, for critical.
func FatalLines(log string) []string {
	var fatal []string
	for line := range strings.Lines(log) {
		for _, sign := range []string{
			`"level":"fatal"`,
			`"level":"panic"`,
			`"level":"error"`,
			"panic:",
			" C | ",
			`"msg":"the member has been permanently removed`,
		} {
			if strings.Contains(line, sign) {
				fatal = append(fatal, strings.TrimSpace(line))
				break
			}
		}
	}
	return fatal[max(0, len(fatal)-3):]
}
