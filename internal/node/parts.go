package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// record is one of what parts.sh prints.
type record struct {
	kind   string
	fields []string
}

// read carries out a script that prints records, and returns them.
func (n *Node) read(ctx context.Context, text string, args ...string) ([]record, error) {
	mark := rand.Text()
	out, err := n.run(ctx, assign("mark", mark)+text, args...)
	if err != nil {
		return nil, err
	}
	return parseParts(withoutRaw(out, mark))
}

// withoutRaw puts base64 in the place of each text that stands as it is between two marks.
func withoutRaw(out []byte, mark string) []byte {
	pieces := bytes.Split(out, []byte(mark))
	for i := 1; i < len(pieces); i += 2 {
		pieces[i] = []byte(base64.StdEncoding.EncodeToString(pieces[i]))
	}
	return bytes.Join(pieces, nil)
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
