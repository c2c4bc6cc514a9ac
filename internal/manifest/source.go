package manifest

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// maxSize is the largest file that the kubelet reads as a manifest, in bytes
// (kubernetes pkg/kubelet/config, maxConfigLength).
const maxSize = 10 << 20

// source is a text with an index of its lines.
type source struct {
	text  []byte
	lines []int // offset of the first byte of each line
}

func newSource(text []byte) source {
	s := source{text: text, lines: []int{0}}
	for i, b := range text {
		if b == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// checkBreaks refuses what would make the parser's line and column numbers and
// ours differ: YAML 1.1 has more line breaks than LF and CRLF.
func (s source) checkBreaks() error {
	if bytes.HasPrefix(s.text, []byte("\xff\xfe")) || bytes.HasPrefix(s.text, []byte("\xfe\xff")) {
		return at(ErrShape, 1, "found UTF-16; save the file as UTF-8")
	}
	if bytes.HasPrefix(s.text, []byte("\uFEFF")) {
		return at(ErrShape, 1, "found a byte order mark; save the file as UTF-8 without it")
	}
	for n, start := range s.lines {
		line := s.text[start:s.contentEnd(start)]
		for _, odd := range []string{"\r", "\u0085", "\u2028", "\u2029"} {
			if bytes.Contains(line, []byte(odd)) {
				return at(
					ErrShape,
					n+1,
					"found the unusual line break %q; save the file with LF or CRLF line ends",
					odd,
				)
			}
		}
	}
	return nil
}

// offset turns the parser's position, both from 1 and columns in characters,
// into a byte offset.
func (s source) offset(line, column int) (int, error) {
	if line < 1 || line > len(s.lines) || column < 1 {
		return 0, fmt.Errorf("%w: line %d is not in the text", ErrShape, line)
	}
	at := s.lines[line-1]
	for range column - 1 {
		if at >= len(s.text) {
			return 0, fmt.Errorf("%w: line %d has no column %d", ErrShape, line, column)
		}
		_, size := utf8.DecodeRune(s.text[at:])
		at += size
	}
	return at, nil
}

// lineStart is the offset at which the line that holds the offset begins.
func (s source) lineStart(offset int) int {
	return bytes.LastIndexByte(s.text[:offset], '\n') + 1
}

// contentEnd is the offset at which the line that holds the offset ends, its
// line break not included.
func (s source) contentEnd(offset int) int {
	end := s.lineEnd(offset)
	if end > offset && s.text[end-1] == '\n' {
		end--
		if end > offset && s.text[end-1] == '\r' {
			end--
		}
	}
	return end
}

// lineEnd is the offset just behind the line that holds the offset, its line
// break included.
func (s source) lineEnd(offset int) int {
	if n := bytes.IndexByte(s.text[offset:], '\n'); n >= 0 {
		return offset + n + 1
	}
	return len(s.text)
}

// lineBreak is the line break in use at the offset, or before it when the
// line is the last and has none.
func (s source) lineBreak(offset int) string {
	end, start := s.lineEnd(offset), s.lineStart(offset)
	if end == len(s.text) && (end == 0 || s.text[end-1] != '\n') {
		end = start
	}
	if end >= 2 && s.text[end-1] == '\n' && s.text[end-2] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// replace is the text with the bytes from start to end exchanged.
func (s source) replace(start, end int, with string) []byte {
	out := make([]byte, 0, len(s.text)-(end-start)+len(with))
	out = append(out, s.text[:start]...)
	out = append(out, with...)
	return append(out, s.text[end:]...)
}
