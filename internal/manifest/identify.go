package manifest

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// Identify tells the namespace and name of a text that is a Pod of any kind. It
// finds a second file with the same pod: the kubelet reads every file of its
// folder, whatever it is called, and of two files either may win. Anything that
// is not a Pod is not ok.
//
// It is as lenient as the kubelet: only the first document counts, of a key
// given twice the last, and aliases and merge keys are followed.
func Identify(text []byte) (namespace, name string, ok bool) {
	if len(text) > maxSize {
		return "", "", false
	}
	var document yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&document); err != nil || len(document.Content) == 0 {
		return "", "", false
	}
	pod := document.Content[0]
	if pod.Kind != yaml.MappingNode {
		return "", "", false
	}
	metadata := lookUp(pod, "metadata", maxFollowed)
	if metadata == nil || metadata.Kind != yaml.MappingNode {
		return "", "", false
	}
	name = wordOf(lookUp(metadata, "name", maxFollowed))
	if wordOf(lookUp(pod, "kind", maxFollowed)) != "Pod" || name == "" {
		return "", "", false
	}
	if namespace = wordOf(lookUp(metadata, "namespace", maxFollowed)); namespace == "" {
		namespace = "default"
	}
	return namespace, name, true
}

// maxFollowed bounds how far aliases and merge keys are followed. They may lead
// in a circle.
const maxFollowed = 10

// lookUp finds a key of a mapping, nil when there is none.
func lookUp(mapping *yaml.Node, key string, depth int) *yaml.Node {
	if mapping = follow(mapping); mapping == nil || depth == 0 {
		return nil
	}
	var found, merged *yaml.Node
	switch mapping.Kind {
	case yaml.SequenceNode: // several mappings merged in, of which the first wins
		for _, one := range mapping.Content {
			if found = lookUp(one, key, depth-1); found != nil {
				return found
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			switch k := follow(mapping.Content[i]); {
			case k == nil:
			case k.Tag == "!!merge":
				merged = lookUp(mapping.Content[i+1], key, depth-1)
			case k.Value == key:
				found = follow(mapping.Content[i+1])
			}
		}
	}
	if found == nil {
		return merged
	}
	return found
}

// follow is the node that an alias stands for.
func follow(node *yaml.Node) *yaml.Node {
	for range maxFollowed {
		if node == nil || node.Kind != yaml.AliasNode {
			return node
		}
		node = node.Alias
	}
	return nil
}

// wordOf is the text of a scalar, "" for anything else.
func wordOf(node *yaml.Node) string {
	if node == nil || node.Kind != yaml.ScalarNode || node.Tag == "!!null" {
		return ""
	}
	return node.Value
}
