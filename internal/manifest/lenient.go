package manifest

// concernsEtcd tells whether a text that could not be read strictly is a pod
// that may run etcd. Every pod of a master is read to find etcd's, and one that
// has nothing to do with it must not stand in the way by how it is written.
func concernsEtcd(text []byte) bool {
	pod, err := readAsKubelet(text)
	if err != nil {
		return true
	}
	if pod.Kind != "Pod" {
		return false
	}
	for _, c := range pod.Spec.Containers {
		if p := c.program(); p.isEtcd() || p.wrapsEtcd() {
			return true
		}
	}
	return false
}
