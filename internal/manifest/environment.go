package manifest

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	envPrefix          = "ETCD_"
	envForceNewCluster = "ETCD_FORCE_NEW_CLUSTER"
	envConfigFile      = "ETCD_CONFIG_FILE"
	envUnsupportedArch = "ETCD_UNSUPPORTED_ARCH"
)

// forceVariable is what the environment says about forcing a new cluster.
type forceVariable struct {
	line int // 0 when the variable is not there
	on   bool
}

// readEnvironment refuses settings of etcd in the environment, except the force
// variable: that one must be found wherever a manifest is read.
func readEnvironment(container *yaml.Node) (forceVariable, error) {
	var force forceVariable
	envFrom, err := field(container, "envFrom")
	if err != nil {
		return force, err
	}
	if envFrom != nil && len(envFrom.Content) > 0 {
		return force, at(ErrEnvironment, envFrom.Line, "found envFrom, which may hold any setting of etcd; write the settings as flags")
	}
	env, err := fieldOf(container, "env", yaml.SequenceNode)
	if err != nil || env == nil {
		return force, err
	}
	for _, entry := range env.Content {
		var v struct {
			Name      string    `yaml:"name"`
			Value     string    `yaml:"value"`
			ValueFrom yaml.Node `yaml:"valueFrom"`
		}
		if err := decode(entry, &v); err != nil {
			return force, err
		}
		switch {
		case !strings.HasPrefix(v.Name, envPrefix), v.Name == envUnsupportedArch:
		case v.Name == envConfigFile:
			return force, at(ErrConfigFile, entry.Line, "found %s=%s: etcd ignores all flags; write the settings as flags", v.Name, v.Value)
		case v.Name == envForceNewCluster && v.ValueFrom.IsZero():
			on, err := strconv.ParseBool(v.Value)
			if err != nil && v.Value != "" {
				return force, at(ErrSyntax, entry.Line, "found %s=%s, which is neither true nor false", v.Name, v.Value)
			}
			force = forceVariable{line: entry.Line, on: on}
		default:
			return force, at(ErrEnvironment, entry.Line, "found %s: etcd refuses a setting that is both a variable and a flag; write it as a flag", v.Name)
		}
	}
	return force, nil
}
