// Package kubelet is the fake kubelet of a simulated node, with the container runtime that a kubelet needs. It runs
// what stands in a manifest folder as processes of this machine, keeps their logs as a runtime does, and answers crictl
// and systemctl, which are shell scripts here.
//
// It is not for Debian nodes, whose kubelets are real. There are no probes, no resources, no users and no mount
// namespaces, and an image is a program. The package knows nothing of etcd but that its containers can be asked for.
package kubelet
