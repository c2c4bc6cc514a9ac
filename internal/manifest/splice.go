package manifest

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// span is where a scalar on one line stands in the text, with its quotes.
func (s source) span(scalar *yaml.Node) (start, end int, err error) {
	refuse := func(why string) (int, int, error) {
		return 0, 0, at(ErrShape, scalar.Line, "found %q, which %s; write it on one line, plain or in quotes", firstLine(scalar.Value), why)
	}
	if scalar.Kind != yaml.ScalarNode || scalar.Anchor != "" || scalar.Style&yaml.TaggedStyle != 0 {
		return refuse("has an anchor or a tag")
	}
	if start, err = s.offset(scalar.Line, scalar.Column); err != nil {
		return 0, 0, err
	}
	rest := s.text[start:s.contentEnd(start)]
	length := -1
	switch scalar.Style {
	case yaml.SingleQuotedStyle:
		length = singleQuoted(rest)
	case yaml.DoubleQuotedStyle:
		length = doubleQuoted(rest)
	case 0:
		if bytes.HasPrefix(rest, []byte(scalar.Value)) {
			length = len(scalar.Value)
		}
	}
	if length <= 0 {
		return refuse("is written over several lines")
	}
	return start, start + length, nil
}

// singleQuoted is the length of the quoted string that the text begins with, -1
// when it does not end there.
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

// rewrite exchanges a scalar, keeping its quotes.
func (s source) rewrite(scalar *yaml.Node, value string, flow bool) ([]byte, error) {
	start, end, err := s.span(scalar)
	if err != nil {
		return nil, err
	}
	return s.replace(start, end, render(value, scalar.Style, flow)), nil
}

// insert adds an item to a list, behind the item with the index, or before the
// first one when the index is -1. The quotes are as in the given style.
func (s source) insert(list *yaml.Node, index int, value string, style yaml.Style) ([]byte, error) {
	if isFlow(list) {
		return s.insertFlow(list, index, render(value, style, true))
	}
	before := index < 0
	line, err := s.itemLine(list.Content[max(index, 0)])
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
	if isFlow(list) {
		return s.removeFlow(list, first, last)
	}
	text := s
	for i := last; i >= first; i-- { // from below, so that lines above stay where they are
		line, err := text.itemLine(list.Content[i])
		if err != nil {
			return nil, err
		}
		start, end := line.start, line.end
		if line.end == line.contentEnd { // keep the text without a line break at its end
			start -= len(text.lineBreak(line.start))
		}
		text = newSource(text.replace(start, end, ""))
	}
	return text.text, nil
}

// itemLine is the line of an item of a block list.
type itemLine struct {
	prefix                 string // indentation, dash and space
	start, contentEnd, end int
}

// itemLine finds the line that holds one item and nothing else but a comment.
func (s source) itemLine(item *yaml.Node) (itemLine, error) {
	start, end, err := s.span(item)
	if err != nil {
		return itemLine{}, err
	}
	l := itemLine{start: s.lineStart(start), contentEnd: s.contentEnd(start), end: s.lineEnd(start)}
	l.prefix = string(s.text[l.start:start])
	dash := strings.TrimLeft(l.prefix, " ")
	behind := string(s.text[end:l.contentEnd])
	if !strings.HasPrefix(dash, "-") || strings.Trim(dash[1:], " ") != "" || dash == "-" {
		return itemLine{}, at(ErrShape, item.Line, "found %q without its own dash on the same line; write one item on each line", firstLine(item.Value))
	}
	if left := strings.TrimLeft(behind, " \t"); left != "" && (left[0] != '#' || left == behind) {
		return itemLine{}, at(ErrShape, item.Line, "found %q behind %q; write one item on each line", left, firstLine(item.Value))
	}
	return l, nil
}

func isFlow(node *yaml.Node) bool { return node.Style&yaml.FlowStyle != 0 }
