package manifest

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// render writes a value in the style of its neighbour, or in double quotes when
// it cannot stand plain. Values have no control characters.
func render(value string, style yaml.Style, flow bool) string {
	switch {
	case style&yaml.SingleQuotedStyle != 0:
		return "'" + strings.ReplaceAll(value, "'", "''") + "'"
	case style&yaml.DoubleQuotedStyle == 0 && isPlain(value, flow):
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// isPlain tells whether a value surely is the same string without quotes, in
// YAML 1.1 as well as 1.2. A colon is left out of flow lists: old parsers take
// it for a key.
func isPlain(value string, flow bool) bool {
	if value == "" || strings.HasSuffix(value, ":") {
		return false
	}
	special := "_./=@%+-"
	if !flow {
		special += ":,[]"
	}
	for i, r := range value {
		alnum := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		switch {
		case alnum:
		case i == 0 && (r != '-' || len(value) < 3):
			return false
		case !strings.ContainsRune(special, r):
			return false
		}
	}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(value), &node); err != nil || len(node.Content) != 1 {
		return false
	}
	return checkString(node.Content[0]) == nil && node.Content[0].Value == value
}
