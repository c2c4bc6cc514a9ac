package manifest

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// concernsEtcd tells whether a text that could not be read strictly is a pod
// that may run etcd. Every pod of a master is read to find etcd's, and one that
// has nothing to do with it must not stand in the way by how it is written.
func concernsEtcd(text []byte) bool {
	var document yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&document); err != nil || len(document.Content) == 0 {
		return true
	}
	pod := document.Content[0]
	if pod.Kind != yaml.MappingNode || wordOf(lookUp(pod, "kind", maxFollowed)) != "Pod" {
		return false
	}
	containers := lookUp(lookUp(pod, "spec", maxFollowed), "containers", maxFollowed)
	for _, entry := range items(containers) {
		if p := viewProgram(entry); p.isEtcd() || p.wrapsEtcd() {
			return true
		}
	}
	return false
}

// viewProgram reads what a container starts, however it is written.
func viewProgram(container *yaml.Node) program {
	return program{
		image:   wordOf(lookUp(container, "image", maxFollowed)),
		command: wordsOf(lookUp(container, "command", maxFollowed)),
		args:    wordsOf(lookUp(container, "args", maxFollowed)),
	}
}

func wordsOf(list *yaml.Node) []string {
	var words []string
	for _, item := range items(list) {
		words = append(words, wordOf(follow(item)))
	}
	return words
}
