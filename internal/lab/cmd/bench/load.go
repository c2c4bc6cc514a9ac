//go:build linux

package main

import (
	"os"
	"strings"
)

// load is the machine's average of the last minute: what else went on, the start of the nodes included.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}
