//go:build linux

package lab

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// podSpec is the part of a Pod that the runner carries out.
type podSpec struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	} `yaml:"metadata"`
	Spec struct {
		GraceSeconds *int64          `yaml:"terminationGracePeriodSeconds"`
		Containers   []containerSpec `yaml:"containers"`
		Volumes      []volumeSpec    `yaml:"volumes"`
	} `yaml:"spec"`

	uid string
}

type containerSpec struct {
	Name    string   `yaml:"name"`
	Image   string   `yaml:"image"`
	Command []string `yaml:"command"`
	Args    []string `yaml:"args"`
	Env     []struct {
		Name  string `yaml:"name"`
		Value string `yaml:"value"`
	} `yaml:"env"`
	Mounts []struct {
		Name      string `yaml:"name"`
		MountPath string `yaml:"mountPath"`
		SubPath   string `yaml:"subPath"`
	} `yaml:"volumeMounts"`
}

type volumeSpec struct {
	Name     string `yaml:"name"`
	HostPath *struct {
		Path string `yaml:"path"`
		Type string `yaml:"type"`
	} `yaml:"hostPath"`
}

// parsePod reads a manifest. JSON is YAML too, as far as Pods are concerned.
//
// The UID is made from the text and the node's name: the same text put back is the same pod, a changed one is another.
func parsePod(text []byte, node string) (*podSpec, error) {
	var p podSpec
	if err := yaml.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("not a pod: %w", err)
	}
	if p.APIVersion != "v1" || p.Kind != "Pod" || p.Metadata.Name == "" || len(p.Spec.Containers) == 0 {
		return nil, errors.New("not a v1 Pod with a name and containers")
	}
	if p.Metadata.Namespace == "" {
		p.Metadata.Namespace = "default"
	}
	sum := md5.Sum(append([]byte(node+"\x00"), text...))
	p.uid = hex.EncodeToString(sum[:])
	return &p, nil
}

// key is what makes two manifests the same pod.
func (p *podSpec) key() string {
	return p.Metadata.Namespace + "/" + p.Metadata.Name
}

func (p *podSpec) grace() time.Duration {
	if p.Spec.GraceSeconds == nil {
		return 30 * time.Second
	}
	return time.Duration(*p.Spec.GraceSeconds) * time.Second
}

// mount is a folder of the master as a container sees it.
type mount struct {
	container, host string
	create          bool
}

func (p *podSpec) mounts(c containerSpec) []mount {
	var mounts []mount
	for _, m := range c.Mounts {
		for _, v := range p.Spec.Volumes {
			if v.Name == m.Name && v.HostPath != nil {
				mounts = append(mounts, mount{
					container: path.Clean(m.MountPath),
					host:      path.Join(v.HostPath.Path, m.SubPath),
					create:    v.HostPath.Type == "DirectoryOrCreate",
				})
			}
		}
	}
	return mounts
}

// hostArgument stands in for the mount namespace that a bench container does not have: in a flag whose value is a path
// below a mount, the path is replaced by that of the host. For kubeadm's manifests, where the two are equal, nothing
// changes.
func hostArgument(arg string, mounts []mount) string {
	flag, value, ok := strings.Cut(arg, "=")
	if ok {
		flag += "="
	} else {
		flag, value = "", arg
	}
	if !strings.HasPrefix(value, "/") {
		return arg
	}
	longest := mount{}
	for _, m := range mounts {
		if (value == m.container || strings.HasPrefix(value, m.container+"/")) &&
			len(m.container) > len(longest.container) {
			longest = m
		}
	}
	if longest.container == "" {
		return arg
	}
	return flag + longest.host + strings.TrimPrefix(value, longest.container)
}
