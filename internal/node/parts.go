package node

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
)

// partFunctions let a script print records that hold any bytes: a kind, then fields, one record a line. A field is in base64, or as it is behind a =
// where it has none but harmless characters: that takes no processes, of which a look would need a hundred otherwise.
const partFunctions = `b64() { base64 | tr -d '\n'; }
word() { case $1 in ''|*[!a-zA-Z0-9._/:@,-]*) printf ' '; printf '%s' "$1" | b64;; *) printf ' =%s' "$1";; esac; }
file() { printf '%s' "$1"; word "$2"; printf ' '; head -c 1048576 "$2" | b64; echo; }
text() { printf '%s' "$1"; shift; for f in "$@"; do word "$f"; done; echo; }
`

// record is one line of such output.
type record struct {
	kind   string
	fields []string
}

func parseParts(out []byte) ([]record, error) {
	var records []record
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		words := strings.Split(lines.Text(), " ")
		r := record{kind: words[0]}
		for _, w := range words[1:] {
			if plain, ok := strings.CutPrefix(w, "="); ok {
				r.fields = append(r.fields, plain)
				continue
			}
			b, err := base64.StdEncoding.DecodeString(w)
			if err != nil {
				return nil, fmt.Errorf("the master printed something unexpected: %q: %w", lines.Text(), err)
			}
			r.fields = append(r.fields, string(b))
		}
		records = append(records, r)
	}
	return records, lines.Err()
}

// field gives the i-th field, "" where it is missing.
func (r record) field(i int) string {
	if i < len(r.fields) {
		return r.fields[i]
	}
	return ""
}
