package manifest

import "go.yaml.in/yaml/v3"

// argument is one item of a container's command line.
type argument struct {
	node  *yaml.Node
	key   string     // command or args
	list  *yaml.Node // the container's list of that key
	index int        // place in the list
}

func (a argument) value() string { return a.node.Value }
func (a argument) line() int     { return a.node.Line }

// readArgv reads the command line, command first, then args.
func readArgv(container *yaml.Node) ([]argument, error) {
	var argv []argument
	for _, key := range []string{"command", "args"} {
		list, err := fieldOf(container, key, yaml.SequenceNode)
		if err != nil {
			return nil, err
		}
		if list == nil {
			continue
		}
		for i, item := range list.Content {
			if item.Kind == yaml.AliasNode {
				return nil, at(ErrShape, item.Line, "found an alias (*%s) in %q; write the item out", item.Value, key)
			}
			if err := checkString(item); err != nil {
				return nil, err
			}
			argv = append(argv, argument{node: item, key: key, list: list, index: i})
		}
	}
	return argv, nil
}
