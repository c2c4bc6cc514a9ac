//go:build linux

package kubelet

// KeptContainers is how many exited containers of one name in one pod stay listed.
const KeptContainers = keptContainers
