package manifest

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	envPrefix          = "ETCD_"
	envConfigFile      = "ETCD_CONFIG_FILE"
	envUnsupportedArch = "ETCD_UNSUPPORTED_ARCH" // no flag
)

// environment is what the pod gives to the etcd container besides its command line.
type environment struct {
	values   map[string]string   // of the variables whose values are in the text
	settings map[string]variable // those that etcd takes for flags, by the flag's name
}

// variable is a setting of etcd in the environment. etcd names them after its flags and takes an empty one for none
// (pkg/flags/flag.go).
type variable struct {
	name, value string
	node        *yaml.Node // the string, nil where there is none
	line        int
}

// flagOf is the flag for which a variable stands, "" for any other variable.
func flagOf(variable string) string {
	flag, ok := strings.CutPrefix(variable, envPrefix)
	if !ok || variable == envUnsupportedArch || variable != strings.ToUpper(variable) ||
		strings.Contains(variable, "-") {
		return ""
	}
	return strings.ReplaceAll(strings.ToLower(flag), "_", "-")
}

// readEnvironment reads the variables in their order, in which the kubelet puts earlier ones into later ones.
func readEnvironment(container *yaml.Node, asKubelet kubeletContainer) (environment, error) {
	env := environment{values: map[string]string{}, settings: map[string]variable{}}
	envFrom, err := field(container, "envFrom")
	if err != nil {
		return env, err
	}
	if envFrom != nil && len(envFrom.Content) > 0 {
		return env, at(
			ErrEnvironment,
			envFrom.Line,
			"found envFrom, which may hold any setting of etcd; write the settings as flags",
		)
	}
	list, err := fieldOf(container, "env", yaml.SequenceNode)
	if err != nil {
		return env, err
	}
	for i, entry := range items(list) {
		if i >= len(asKubelet.Env) {
			break // the kubelet cannot read it, which is said in the end
		}
		name, flag := asKubelet.Env[i].Name, flagOf(asKubelet.Env[i].Name)
		if flag == "" {
			delete(env.values, name)
			if asKubelet.Env[i].ValueFrom == nil {
				env.values[name] = expand(asKubelet.Env[i].Value, env.values)
			}
			continue
		}
		if before, again := env.settings[flag]; again {
			return env, at(
				ErrEnvironment,
				entry.Line,
				"found %s a second time, first on line %d; remove the one that is not meant",
				name,
				before.line,
			)
		}
		v, err := readVariable(entry, name, env.values)
		if err != nil {
			return env, err
		}
		env.settings[flag], env.values[name] = v, v.value
	}
	return env, nil
}

// readVariable reads a setting strictly: it may have to be edited.
func readVariable(entry *yaml.Node, name string, values map[string]string) (variable, error) {
	v := variable{name: name, line: entry.Line}
	if entry.Kind != yaml.MappingNode || entry.Anchor != "" {
		return v, at(ErrShape, entry.Line, "found %s as an alias or with an anchor; write it out", name)
	}
	from, err := field(entry, "valueFrom")
	if err != nil {
		return v, err
	}
	if from != nil {
		return v, at(
			ErrUnresolved,
			entry.Line,
			"found %s with its value from elsewhere (valueFrom), so that it is not in the manifest; write the value "+
				"out",
			name,
		)
	}
	var written string
	if written, v.node, err = textField(entry, "value"); err != nil {
		return v, err
	}
	v.value = expand(written, values)
	if name == envConfigFile && v.value != "" {
		return v, at(
			ErrConfigFile,
			entry.Line,
			"found %s=%s: etcd ignores all flags; write the settings as flags",
			name,
			v.value,
		)
	}
	if v.value == "" {
		return v, nil
	}
	return v, checkValue(flagOf(name), name, v.value, entry.Line)
}

// expand puts variables into a text as the kubelet does: $(NAME), and $$ for a dollar sign. One that is not known stays
// as it is written (kubernetes third_party/forked/golang/expansion).
func expand(text string, values map[string]string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$")
		out.WriteString(before)
		switch name, behind, closed := strings.Cut(rest, ")"); {
		case !found:
			return out.String()
		case strings.HasPrefix(rest, "$"):
			out.WriteString("$")
			text = rest[1:]
		case strings.HasPrefix(rest, "(") && closed:
			value, known := values[name[1:]]
			if !known {
				value = "$" + name + ")"
			}
			out.WriteString(value)
			text = behind
		default:
			out.WriteString("$")
			text = rest
		}
	}
}
