package manifest

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// span is where a scalar or an alias stands in the text: with its quotes, without an anchor or a tag in front of it.
// One without quotes in a flow list has to be on one line.
func (s source) span(node *yaml.Node, flow bool) (start, end int, err error) {
	if start, err = s.offset(node.Line, node.Column); err != nil {
		return 0, 0, err
	}
	start = s.skipProperties(start)
	rest := s.text[start:]
	length := -1
	switch style := node.Style &^ yaml.TaggedStyle; {
	case node.Kind == yaml.AliasNode:
		if bytes.HasPrefix(rest, []byte("*"+node.Value)) {
			length = 1 + len(node.Value)
		}
	case style == yaml.SingleQuotedStyle:
		length = singleQuoted(rest)
	case style == yaml.DoubleQuotedStyle:
		length = doubleQuoted(rest)
	case style == yaml.LiteralStyle || style == yaml.FoldedStyle:
		length = s.blockEnd(start) - start
	case bytes.HasPrefix(rest, []byte(node.Value)):
		length = len(node.Value)
	case !flow:
		length = s.plainEnd(start) - start
	}
	if length <= 0 {
		return 0, 0, at(
			ErrShape,
			node.Line,
			"found %q, which is written over several lines; write it on one line, plain or in quotes",
			firstLine(node.Value),
		)
	}
	return start, start + length, nil
}

// skipProperties is the offset behind anchors (&name) and tags (!!str).
func (s source) skipProperties(start int) int {
	for start < len(s.text) && (s.text[start] == '&' || s.text[start] == '!') {
		if n := bytes.IndexAny(s.text[start:], " \t\r\n"); n >= 0 {
			start += n
		} else {
			start = len(s.text)
		}
		for start < len(s.text) && strings.IndexByte(" \t\r\n", s.text[start]) >= 0 {
			start++
		}
	}
	return start
}

// blockEnd is the end of a literal or folded scalar: of its last line that is indented more than the line on which it
// begins.
func (s source) blockEnd(start int) int {
	end := s.contentEnd(start)
	s.indented(start, func(_, contentEnd int) bool {
		end = contentEnd
		return true
	})
	return end
}

// plainEnd is the end of a scalar without quotes that goes on over several lines.
func (s source) plainEnd(start int) int {
	end, commented := s.beforeComment(start, s.contentEnd(start))
	if commented {
		return end
	}
	s.indented(start, func(lineStart, contentEnd int) bool {
		lineEnd, last := s.beforeComment(lineStart, contentEnd)
		if strings.TrimSpace(string(s.text[lineStart:lineEnd])) != "" {
			end = lineEnd
		}
		return !last
	})
	return end
}

// indented visits the lines below an offset that have content and are indented more than its own line, as long as the
// visitor likes.
func (s source) indented(offset int, visit func(lineStart, contentEnd int) bool) {
	own := s.indentation(s.lineStart(offset))
	for next := s.lineEnd(offset); next < len(s.text); next = s.lineEnd(next) {
		end := s.contentEnd(next)
		if len(bytes.TrimSpace(s.text[next:end])) == 0 {
			continue
		}
		if s.indentation(next) <= own || !visit(next, end) {
			return
		}
	}
}

func (s source) indentation(lineStart int) int {
	return len(s.text[lineStart:]) - len(bytes.TrimLeft(s.text[lineStart:], " "))
}

// beforeComment is the end of what stands before a comment on a line, and whether there is one.
func (s source) beforeComment(start, contentEnd int) (int, bool) {
	text := string(s.text[start:contentEnd])
	for i := range text {
		if text[i] == '#' && (i == 0 || text[i-1] == ' ' || text[i-1] == '\t') {
			return start + len(strings.TrimRight(text[:i], " \t")), true
		}
	}
	return start + len(strings.TrimRight(text, " \t")), false
}

// singleQuoted is the length of the quoted string that the text begins with, -1
// when it does not end.
func singleQuoted(text []byte) int {
	for i := 1; i < len(text) && text[0] == '\''; i++ {
		switch {
		case text[i] != '\'':
		case i+1 < len(text) && text[i+1] == '\'':
			i++
		default:
			return i + 1
		}
	}
	return -1
}

// doubleQuoted is singleQuoted for double quotes.
func doubleQuoted(text []byte) int {
	for i := 1; i < len(text) && text[0] == '"'; i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// rewrite exchanges a scalar or an alias, keeping quotes, anchor, tag and comment.
func (s source) rewrite(node *yaml.Node, value string, flow bool) ([]byte, error) {
	if err := checkAlone(node); err != nil {
		return nil, err
	}
	start, end, err := s.span(node, flow)
	if err != nil {
		return nil, err
	}
	text := render(value, node.Style, flow)
	if node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		header := string(s.text[start:s.contentEnd(start)]) // such as ">- # comment"
		text += strings.TrimLeft(header[1:], "+-0123456789")
	}
	return s.replace(start, end, text), nil
}

// checkAlone refuses to change what an alias elsewhere refers to.
func checkAlone(node *yaml.Node) error {
	if node.Anchor == "" {
		return nil
	}
	return at(
		ErrShape,
		node.Line,
		"found an anchor (&%s) on %q, which would have to change: another place uses it too; write it out there",
		node.Anchor,
		firstLine(node.Value),
	)
}

// insert adds an item to a list, behind the item with the index, or before the
// first one when the index is -1. The quotes are as in the given style.
func (s source) insert(list *yaml.Node, index int, value string, style yaml.Style) ([]byte, error) {
	if isFlow(list) {
		return s.insertFlow(list, index, render(value, style, true))
	}
	before := index < 0
	line, err := s.itemLines(list.Content[max(index, 0)])
	if err != nil {
		return nil, err
	}
	item := line.prefix + render(value, style, false)
	switch {
	case before:
		return s.replace(line.start, line.start, item+s.lineBreak(line.start)), nil
	case line.end == line.contentEnd: // the text ends without a line break
		return s.replace(line.end, line.end, s.lineBreak(line.start)+item), nil
	default:
		return s.replace(line.end, line.end, item+s.lineBreak(line.start)), nil
	}
}

// remove takes items out of a list, from the first index to the last.
func (s source) remove(list *yaml.Node, first, last int) ([]byte, error) {
	if last-first+1 >= len(list.Content) {
		return nil, at(ErrShape, list.Line, "the list would be left empty; move one more flag of etcd into it")
	}
	for _, item := range list.Content[first : last+1] {
		if err := checkAlone(item); err != nil {
			return nil, err
		}
	}
	if isFlow(list) {
		return s.removeFlow(list, first, last)
	}
	text := s
	for i := last; i >= first; i-- { // from below, so that lines above stay where they are
		line, err := text.itemLines(list.Content[i])
		if err != nil {
			return nil, err
		}
		start, end := line.start, line.end
		if line.end == line.contentEnd { // keep the text without a line break at its end
			start = len(bytes.TrimRight(text.text[:line.start], " \t\r\n"))
		}
		text = newSource(text.replace(start, end, ""))
	}
	return text.text, nil
}

// itemLines are the lines of an item of a block list.
type itemLines struct {
	prefix                 string // indentation, dash and space
	start, contentEnd, end int
}

// itemLines finds the lines that hold one item and nothing else but a comment.
func (s source) itemLines(item *yaml.Node) (itemLines, error) {
	first, err := s.offset(item.Line, item.Column)
	if err != nil {
		return itemLines{}, err
	}
	_, end, err := s.span(item, false)
	if err != nil {
		return itemLines{}, err
	}
	l := itemLines{start: s.lineStart(first), contentEnd: s.contentEnd(end), end: s.lineEnd(end)}
	l.prefix = string(s.text[l.start:first])
	dash := strings.TrimLeft(l.prefix, " ")
	behind := string(s.text[end:l.contentEnd])
	if !strings.HasPrefix(dash, "-") || strings.Trim(dash[1:], " ") != "" || dash == "-" {
		return itemLines{}, at(
			ErrShape,
			item.Line,
			"found %q without its own dash on the same line; write one item on each line",
			firstLine(item.Value),
		)
	}
	if left := strings.TrimLeft(behind, " \t"); left != "" && (left[0] != '#' || left == behind) {
		return itemLines{}, at(
			ErrShape,
			item.Line,
			"found %q behind %q; write one item on each line",
			left,
			firstLine(item.Value),
		)
	}
	return l, nil
}

func isFlow(node *yaml.Node) bool { return node.Style&yaml.FlowStyle != 0 }
