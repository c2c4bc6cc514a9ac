package manifest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"sigs.k8s.io/yaml"
)

// kubeletPod is what the kubelet takes from a file, as far as it matters here. What is edited is found in a tree with
// lines and columns; that both say the same is checked.
type kubeletPod struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name        string            `json:"name"`
		Namespace   string            `json:"namespace"`
		Annotations map[string]string `json:"annotations"`
		Labels      map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec struct {
		HostNetwork bool               `json:"hostNetwork"`
		Containers  []kubeletContainer `json:"containers"`
		Volumes     []struct {
			Name     string `json:"name"`
			HostPath struct {
				Path string `json:"path"`
			} `json:"hostPath"`
		} `json:"volumes"`
	} `json:"spec"`
}

type kubeletContainer struct {
	Name    string   `json:"name"`
	Image   string   `json:"image"`
	Command []string `json:"command"`
	Args    []string `json:"args"`
	Env     []struct {
		Name      string          `json:"name"`
		Value     string          `json:"value"`
		ValueFrom json.RawMessage `json:"valueFrom"`
	} `json:"env"`
	VolumeMounts []struct {
		Name        string `json:"name"`
		MountPath   string `json:"mountPath"`
		SubPath     string `json:"subPath"`
		SubPathExpr string `json:"subPathExpr"`
	} `json:"volumeMounts"`
	Ports []struct {
		Name          string `json:"name"`
		ContainerPort port   `json:"containerPort"`
	} `json:"ports"`
	StartupProbe   *kubeletProbe `json:"startupProbe"`
	LivenessProbe  *kubeletProbe `json:"livenessProbe"`
	ReadinessProbe *kubeletProbe `json:"readinessProbe"`
}

type kubeletProbe struct {
	HTTPGet *struct {
		Scheme string `json:"scheme"`
		Host   string `json:"host"`
		Port   port   `json:"port"`
		Path   string `json:"path"`
	} `json:"httpGet"`
	TCPSocket *struct {
		Host string `json:"host"`
		Port port   `json:"port"`
	} `json:"tcpSocket"`
	GRPC *struct {
		Port port `json:"port"`
	} `json:"grpc"`
	Exec *struct {
		Command []string `json:"command"`
	} `json:"exec"`
}

// port is a number, or the name of one.
type port string

func (p *port) UnmarshalJSON(text []byte) error {
	*p = port(strings.Trim(string(text), `"`))
	return nil
}

// readAsKubelet reads a text as the kubelet does: as JSON when it begins with a brace, else the first document as YAML
// 1.1, of which of two equal keys the later counts, merged or not (kubernetes apimachinery pkg/util/yaml, ToJSON).
// Where only a type is wrong, the rest is there with the error.
func readAsKubelet(text []byte) (*kubeletPod, error) {
	pod := &kubeletPod{}
	if !bytes.HasPrefix(bytes.TrimLeftFunc(text, unicode.IsSpace), []byte("{")) {
		var err error
		if text, err = yaml.YAMLToJSON(text); err != nil {
			return pod, fmt.Errorf("%w: %w; correct the file, the kubelet cannot read it either", ErrSyntax, err)
		}
	}
	var wrong *json.UnmarshalTypeError
	switch err := json.Unmarshal(text, pod); {
	case errors.As(err, &wrong):
		return pod, fmt.Errorf(
			"%w: found %s as %s, where the kubelet wants %s; correct it",
			ErrSyntax,
			wrong.Value,
			wrong.Field,
			wanted(wrong.Type.Kind()),
		)
	case err != nil:
		return pod, fmt.Errorf(
			"%w: the file begins with a brace, so the kubelet reads it as JSON: %w; correct it",
			ErrSyntax,
			err,
		)
	}
	return pod, nil
}

func wanted(kind reflect.Kind) string {
	switch kind { //nolint:exhaustive // kubeletPod has no others
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	case reflect.Bool:
		return "true or false"
	default:
		return "a mapping"
	}
}

// checkKubelet refuses a text that the kubelet cannot read, or reads as something else than what was found here.
func (m *Manifest) checkKubelet() error {
	if m.kubeletError != nil {
		return m.kubeletError
	}
	c := m.kubeletContainer()
	var command, args []string
	for _, a := range m.argv {
		if text := follow(a.node).Value; a.key == "command" {
			command = append(command, text)
		} else {
			args = append(args, text)
		}
	}
	namespace := cmp.Or(m.kubelet.Metadata.Namespace, defaultNamespace)
	for _, check := range []struct {
		what string
		same bool
	}{
		{"the pod's name", m.kubelet.Metadata.Name == m.podName && namespace == m.namespace},
		{"the container's name", c.Name == m.containerName && c.Image == m.image},
		{"command", slices.Equal(c.Command, command)},
		{"args", slices.Equal(c.Args, args)},
		{"env", m.sameVariables()},
	} {
		if !check.same {
			return at(
				ErrShape,
				m.container.Line,
				"found %s in a form of YAML that the kubelet reads as something else; write it plainly, or in quotes",
				check.what,
			)
		}
	}
	return nil
}

// mirrorAnnotation is on the copy of a static pod that the kubelet keeps in the API. One that has it is never started
// from a file (kubernetes, pkg/kubelet/types, IsMirrorPod).
const mirrorAnnotation = "kubernetes.io/config.mirror"

// checkMirror refuses a text that was exported from the API.
func (m *Manifest) checkMirror() error {
	if _, is := m.kubelet.Metadata.Annotations[mirrorAnnotation]; !is {
		return nil
	}
	return at(
		ErrMirrorPod,
		m.metadata.Line,
		"found the annotation %s, with which the kubelet starts nothing; put the static pod's own manifest there, "+
			"from a backup, or take out of this one the annotations kubernetes.io/config.*, creationTimestamp, "+
			"ownerReferences, resourceVersion, uid and status, and the node's name at the end of the pod's",
		mirrorAnnotation,
	)
}

// sameVariables tells whether the kubelet sees the variables that may be edited as they were found.
func (m *Manifest) sameVariables() bool {
	values := map[string]string{}
	for _, v := range m.kubeletContainer().Env {
		values[v.Name] = v.Value
	}
	for _, v := range m.environment.settings {
		if v.node != nil && values[v.name] != v.node.Value {
			return false
		}
	}
	return true
}

// kubeletContainer is the etcd container as the kubelet reads it.
func (m *Manifest) kubeletContainer() kubeletContainer {
	if m.index >= len(m.kubelet.Spec.Containers) {
		return kubeletContainer{}
	}
	return m.kubelet.Spec.Containers[m.index]
}
