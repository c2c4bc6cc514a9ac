package manifest

import "cmp"

// defaultNamespace is that of a file without one.
const defaultNamespace = "default"

// Identify tells the namespace and name of a text that is a Pod of any kind, as the kubelet reads it. It finds a second
// file with the same pod: the kubelet reads every file of its folder, whatever it is called, and of two files either
// may win. Anything that is not a Pod is not ok.
func Identify(text []byte) (namespace, name string, ok bool) {
	if len(text) > maxSize {
		return "", "", false
	}
	pod, _ := readAsKubelet(text) // one of which only a type is wrong is a Pod still
	if pod.Kind != "Pod" || pod.Metadata.Name == "" {
		return "", "", false
	}
	return cmp.Or(pod.Metadata.Namespace, defaultNamespace), pod.Metadata.Name, true
}
