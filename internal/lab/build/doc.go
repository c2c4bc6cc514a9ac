// Package build makes the programs that a lab runs: etcd servers, kubelets and kubeadm from the modules under
// internal/lab/servers, which pin their versions, and container images around them. What takes long is made once and
// kept in the user's cache folder. It starts none of them.
package build
