package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseDocument parses the only YAML document of the text.
func parseDocument(text []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: the file is empty; put the pod back from a backup", ErrNotPod)
	case err == nil && len(document.Content) == 0:
		return nil, fmt.Errorf("%w: the file has no content; put the pod back from a backup", ErrNotPod)
	case err != nil:
		return nil, fmt.Errorf("%w: %w; correct the file, the kubelet cannot read it either", ErrSyntax, err)
	}
	for {
		var more yaml.Node
		switch err := decoder.Decode(&more); {
		case errors.Is(err, io.EOF):
			dropIdleAnchors(document.Content[0])
			return document.Content[0], nil
		case err != nil:
			return nil, fmt.Errorf(
				"%w: found text behind the first document that cannot be read: %w; remove it",
				ErrSyntax,
				err,
			)
		case len(more.Content) > 0 && more.Content[0].Tag != "!!null":
			return nil, at(
				ErrShape,
				more.Line,
				"found a second YAML document; the kubelet takes one pod from a file and ignores the rest, so move "+
					"it to a file of its own",
			)
		}
	}
}

// dropIdleAnchors forgets the anchors to which no alias refers: nothing else
// changes with what they stand on.
func dropIdleAnchors(root *yaml.Node) {
	used := map[*yaml.Node]bool{}
	walk(root, func(n *yaml.Node) {
		if n.Kind == yaml.AliasNode {
			used[n.Alias] = true
		}
	})
	walk(root, func(n *yaml.Node) {
		if !used[n] {
			n.Anchor = ""
		}
	})
}

func walk(node *yaml.Node, visit func(*yaml.Node)) {
	visit(node)
	for _, child := range node.Content {
		walk(child, visit)
	}
}

// field finds a key of a mapping. It returns nil when there is none. It refuses
// what would make the answer ambiguous: a key given twice, merged in or shared
// through an anchor.
func field(mapping *yaml.Node, key string) (*yaml.Node, error) {
	var found *yaml.Node
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		k, v := mapping.Content[i], mapping.Content[i+1]
		switch {
		case k.Tag == "!!merge" || k.Value == "<<":
			return nil, at(ErrShape, k.Line, "found a merge key (<<); write the merged fields out")
		case k.Kind == yaml.AliasNode:
			return nil, at(ErrShape, k.Line, "found an alias (*%s) as a key; write the key out", k.Value)
		case k.Value != key:
			continue
		case found != nil:
			return nil, at(
				ErrShape,
				k.Line,
				"found %q a second time, first on line %d; remove the one that is not meant",
				key,
				found.Line,
			)
		case v.Kind == yaml.AliasNode:
			return nil, at(ErrShape, v.Line, "found an alias (*%s) as %q; write it out", v.Value, key)
		case v.Anchor != "":
			return nil, at(
				ErrShape,
				v.Line,
				"found an anchor (&%s) on %q: an edit here could change another place too; write it out without the "+
					"anchor",
				v.Anchor,
				key,
			)
		}
		found = v
	}
	if found != nil && found.Tag == "!!null" {
		return nil, nil
	}
	return found, nil
}

// fieldOf is field for a value that must be of one kind.
func fieldOf(mapping *yaml.Node, key string, kind yaml.Kind) (*yaml.Node, error) {
	found, err := field(mapping, key)
	if err != nil || found == nil {
		return nil, err
	}
	if found.Kind != kind {
		return nil, at(
			ErrSyntax,
			found.Line,
			"found %s as %q where %s belongs",
			kindName(found.Kind),
			key,
			kindName(kind),
		)
	}
	return found, nil
}

// textField is the string that a field holds, "" without one.
func textField(mapping *yaml.Node, key string) (string, *yaml.Node, error) {
	found, err := fieldOf(mapping, key, yaml.ScalarNode)
	if err != nil || found == nil {
		return "", nil, err
	}
	if err := checkString(found); err != nil {
		return "", nil, err
	}
	return found.Value, found, nil
}

// items are the entries of a list that may be missing.
func items(list *yaml.Node) []*yaml.Node {
	if list == nil {
		return nil
	}
	return list.Content
}

// follow is the node that an alias stands for, nil for one that leads nowhere.
func follow(node *yaml.Node) *yaml.Node {
	for range 10 { // an alias may lead to itself
		if node == nil || node.Kind != yaml.AliasNode {
			return node
		}
		node = node.Alias
	}
	return nil
}

// checkString refuses a scalar that the kubelet does not take for a string.
func checkString(scalar *yaml.Node) error {
	switch {
	case scalar.Kind != yaml.ScalarNode:
		return at(ErrSyntax, scalar.Line, "found %s where a string belongs", kindName(scalar.Kind))
	case scalar.Tag != "!!str", scalar.Style == 0 && oldBool(scalar.Value):
		return at(ErrSyntax, scalar.Line, "found %q where a string belongs; put it in quotes", scalar.Value)
	}
	return nil
}

// oldBool tells the plain words that are booleans to the kubelet's YAML 1.1.
func oldBool(plain string) bool {
	switch strings.ToLower(plain) {
	case "y", "n", "yes", "no", "on", "off":
		return true
	}
	return false
}

func kindName(kind yaml.Kind) string {
	switch kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		return "a single value"
	case yaml.AliasNode:
		return "an alias"
	default:
		return "something unknown"
	}
}
