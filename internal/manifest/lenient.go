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
		p := program{
			image:   wordOf(lookUp(entry, "image", maxFollowed)),
			command: wordsOf(lookUp(entry, "command", maxFollowed)),
			args:    wordsOf(lookUp(entry, "args", maxFollowed)),
		}
		if p.isEtcd() || p.wrapsEtcd() {
			return true
		}
	}
	return false
}

func wordsOf(list *yaml.Node) []string {
	var words []string
	for _, item := range items(list) {
		words = append(words, wordOf(follow(item)))
	}
	return words
}
