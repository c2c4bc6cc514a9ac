package manifest

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// insertFlow is insert for a list in brackets, JSON among them.
func (s source) insertFlow(list *yaml.Node, index int, item string) ([]byte, error) {
	spans, err := s.flowSpans(list)
	if err != nil {
		return nil, err
	}
	if index < 0 {
		return s.replace(spans[0].start, spans[0].start, item+s.separator(list, spans, 0)), nil
	}
	end := spans[index].end
	return s.replace(end, end, s.separator(list, spans, index)+item), nil
}

// separator is what stands between two items near the index: a comma with the
// list's own white space.
func (s source) separator(list *yaml.Node, spans []flowSpan, index int) string {
	for _, i := range []int{index + 1, index, index - 1} {
		if i < 1 || i >= len(spans) {
			continue
		}
		if between := s.text[spans[i-1].end:spans[i].start]; isSeparator(between) {
			return string(between)
		}
	}
	open, err := s.offset(list.Line, list.Column)
	if err == nil && open < spans[0].start && s.text[open] == '[' {
		lead := append([]byte(","), s.text[open+1:spans[0].start]...)
		if bytes.ContainsRune(lead, '\n') && isSeparator(lead) {
			return string(lead)
		}
	}
	return ", "
}

// isSeparator tells whether a text is a comma and white space, with no comment.
func isSeparator(text []byte) bool {
	return bytes.Count(text, []byte(",")) == 1 && len(bytes.Trim(text, ", \t\r\n")) == 0
}

// removeFlow is remove for a list in brackets.
func (s source) removeFlow(list *yaml.Node, first, last int) ([]byte, error) {
	spans, err := s.flowSpans(list)
	if err != nil {
		return nil, err
	}
	var start, end int
	var gaps []byte
	if first > 0 {
		start, end, gaps = spans[first-1].end, spans[last].end, s.gaps(spans, first, last)
	} else {
		start, end, gaps = spans[0].start, spans[last+1].start, s.gaps(spans, 1, last+1)
	}
	if bytes.ContainsRune(gaps, '#') {
		return nil, at(
			ErrShape,
			list.Content[first].Line,
			"found a comment beside %q, which has to go; remove the item or the comment by hand",
			firstLine(list.Content[first].Value),
		)
	}
	return s.replace(start, end, ""), nil
}

// gaps is the text between the items from first-1 to last.
func (s source) gaps(spans []flowSpan, first, last int) []byte {
	var out []byte
	for i := first; i <= last; i++ {
		out = append(out, s.text[spans[i-1].end:spans[i].start]...)
	}
	return out
}

type flowSpan struct{ start, end int }

func (s source) flowSpans(list *yaml.Node) ([]flowSpan, error) {
	spans := make([]flowSpan, 0, len(list.Content))
	for _, item := range list.Content {
		start, end, err := s.span(item, true)
		if err != nil {
			return nil, err
		}
		spans = append(spans, flowSpan{start, end})
	}
	return spans, nil
}
