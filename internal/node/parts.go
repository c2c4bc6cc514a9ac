package node

import (
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// partFunctions let a script print records that hold any bytes: a kind and fields, each behind a tab, up to a record
// separator. A field is as it is behind a =, or in base64 where it has control characters: it seldom has, and a look
// would need hundreds of processes otherwise.
const partFunctions = `end() { printf '\036'; }
word() { case $1 in *[[:cntrl:]]*) printf '\t'; printf '%s' "$1" | base64;; *) printf '\t=%s' "$1";; esac; }
file() { printf '%s' "$1"; word "$2"; printf '\t'; head -c 1048576 "$2" | base64; end; }
text() { printf '%s' "$1"; shift; for f in "$@"; do word "$f"; done; end; }
`

// record is one of such output.
type record struct {
	kind   string
	fields []string
}

func parseParts(out []byte) ([]record, error) {
	unexpected := func(text string, err error) error {
		return fmt.Errorf("the master printed something unexpected: %q: %w", text, err)
	}
	all := strings.Split(string(out), "\036")
	last := len(all) - 1
	if all[last] != "" {
		return nil, unexpected(all[last], io.ErrUnexpectedEOF)
	}
	var records []record
	for _, text := range all[:last] {
		words := strings.Split(text, "\t")
		r := record{kind: words[0]}
		for _, w := range words[1:] {
			if plain, ok := strings.CutPrefix(w, "="); ok {
				r.fields = append(r.fields, plain)
				continue
			}
			b, err := base64.StdEncoding.DecodeString(w) // takes no notice of newlines
			if err != nil {
				return nil, unexpected(text, err)
			}
			r.fields = append(r.fields, string(b))
		}
		records = append(records, r)
	}
	return records, nil
}

// field gives the i-th field, "" where it is missing.
func (r record) field(i int) string {
	if i < len(r.fields) {
		return r.fields[i]
	}
	return ""
}
