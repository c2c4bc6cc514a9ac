//go:build linux

package kubelet

import (
	"path"
	"strings"
)

// A Mount is a folder of the node as a container sees it.
type Mount struct {
	Container, Host string
	create          bool
}

// Mounts are those of one of the containers.
func (p *PodSpec) Mounts(c ContainerSpec) []Mount {
	var mounts []Mount
	for _, m := range c.Mounts {
		for _, v := range p.Spec.Volumes {
			if v.Name == m.Name && v.HostPath != nil {
				mounts = append(mounts, Mount{
					Container: path.Clean(m.MountPath),
					Host:      path.Join(v.HostPath.Path, m.SubPath),
					create:    v.HostPath.Type == "DirectoryOrCreate",
				})
			}
		}
	}
	return mounts
}

// hostArgument stands in for the mount namespace that a container here does not have: in a flag whose value is a path
// below a mount, the path is replaced by that of the host. For kubeadm's manifests, where the two are equal, nothing
// changes.
func hostArgument(arg string, mounts []Mount) string {
	flag, value, ok := strings.Cut(arg, "=")
	if ok {
		flag += "="
	} else {
		flag, value = "", arg
	}
	if !strings.HasPrefix(value, "/") {
		return arg
	}
	longest := Mount{}
	for _, m := range mounts {
		if (value == m.Container || strings.HasPrefix(value, m.Container+"/")) &&
			len(m.Container) > len(longest.Container) {
			longest = m
		}
	}
	if longest.Container == "" {
		return arg
	}
	return flag + longest.Host + strings.TrimPrefix(value, longest.Container)
}
