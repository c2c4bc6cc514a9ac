package manifest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// mount is one volume of the etcd container.
type mount struct {
	path    string // in the container, clean
	volume  string
	host    string // "" when the volume is not from the host
	subPath string
}

// readVolumes reads how the container's paths map to the host's.
func (m *Manifest) readVolumes() error {
	hosts := map[string]string{}
	for _, v := range m.kubelet.Spec.Volumes {
		hosts[v.Name] = v.HostPath.Path
	}
	for _, v := range m.kubeletContainer().VolumeMounts {
		m.mounts = append(m.mounts, mount{
			path:    path.Clean(v.MountPath),
			volume:  v.Name,
			host:    hosts[v.Name],
			subPath: v.SubPath + v.SubPathExpr, // a pod has one of them at most
		})
	}
	return nil
}

// HostPath is the path on the host of an absolute path in the etcd container.
func (m *Manifest) HostPath(containerPath string) (string, error) {
	if !path.IsAbs(containerPath) {
		return "", fmt.Errorf(
			"%w: %q is relative, so it is inside the container and lost with it; give the flag an absolute path on a "+
				"hostPath volume",
			ErrNoHostPath,
			containerPath,
		)
	}
	wanted := path.Clean(containerPath)
	var best mount
	for _, candidate := range m.mounts {
		if isWithin(wanted, candidate.path) && len(candidate.path) > len(best.path) {
			best = candidate
		}
	}
	switch {
	case best.path == "":
		return "", fmt.Errorf(
			"%w: no volumeMount of container %q covers %s; mount it from a hostPath volume",
			ErrNoHostPath,
			m.containerName,
			wanted,
		)
	case best.host == "":
		return "", fmt.Errorf(
			"%w: %s is on volume %q, which is no hostPath volume of this pod",
			ErrNoHostPath,
			wanted,
			best.volume,
		)
	case strings.ContainsAny(best.host+best.subPath+best.path, "$"):
		return "", fmt.Errorf(
			"%w: %s is on volume %q, whose path or subPath holds a variable; write it out",
			ErrUnresolved,
			wanted,
			best.volume,
		)
	case !path.IsAbs(best.host) || hasDotDot(best.host) || hasDotDot(best.subPath):
		return "", fmt.Errorf(
			"%w: %s is on volume %q, whose path %q or subPath %q the kubelet refuses",
			ErrSyntax,
			wanted,
			best.volume,
			best.host,
			best.subPath,
		)
	}
	return path.Join(best.host, best.subPath, strings.TrimPrefix(wanted, best.path)), nil
}

// HostPaths are the paths on the host of those settings that are paths there.
func (m *Manifest) HostPaths() map[string]string {
	all := map[string]string{}
	for flag, value := range m.Settings() {
		if flag != flagDataDir && flag != flagWALDir && !strings.HasSuffix(flag, "-file") || value == "" {
			continue
		}
		if host, err := m.HostPath(value); err == nil {
			all[flag] = host
		}
	}
	return all
}

// isWithin tells whether a clean path is the folder or below it.
func isWithin(p, folder string) bool {
	return p == folder || folder == "/" || strings.HasPrefix(p, folder+"/")
}

func hasDotDot(p string) bool { return slices.Contains(strings.Split(p, "/"), "..") }
