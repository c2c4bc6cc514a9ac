package manifest

import "go.yaml.in/yaml/v3"

// argument is one item of a container's command line.
type argument struct {
	node  *yaml.Node // as it is written: a string, or an alias of one
	value string     // with variables put in
	key   string     // command or args
	list  *yaml.Node // the container's list of that key
	index int        // place in the list
}

func (a argument) line() int { return a.node.Line }

// readArgv reads the command line, command first, then args.
func readArgv(container *yaml.Node, values map[string]string) ([]argument, error) {
	var argv []argument
	for _, key := range []string{"command", "args"} {
		list, err := fieldOf(container, key, yaml.SequenceNode)
		if err != nil {
			return nil, err
		}
		for i, item := range items(list) {
			text := follow(item)
			if text == nil {
				return nil, at(ErrShape, item.Line, "found an alias (*%s) that leads nowhere", item.Value)
			}
			if err := checkString(text); err != nil {
				return nil, err
			}
			argv = append(argv, argument{node: item, value: expand(text.Value, values), key: key, list: list, index: i})
		}
	}
	return argv, nil
}
