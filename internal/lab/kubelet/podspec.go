//go:build linux

package kubelet

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

// PodSpec is the part of a Pod that is carried out here.
type PodSpec struct {
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
		Containers   []ContainerSpec `yaml:"containers"`
		Volumes      []volumeSpec    `yaml:"volumes"`
	} `yaml:"spec"`

	uid string
}

// ContainerSpec is the part of a container that is carried out here.
type ContainerSpec struct {
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

// ParsePod reads a manifest. JSON is YAML too, as far as Pods are concerned.
//
// The UID is made from the text and the node's name: the same text put back is the same pod, a changed one is another.
func ParsePod(text []byte, node string) (*PodSpec, error) {
	var p PodSpec
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
func (p *PodSpec) key() string {
	return p.Metadata.Namespace + "/" + p.Metadata.Name
}

func (p *PodSpec) grace() time.Duration {
	if p.Spec.GraceSeconds == nil {
		return 30 * time.Second
	}
	return time.Duration(*p.Spec.GraceSeconds) * time.Second
}
