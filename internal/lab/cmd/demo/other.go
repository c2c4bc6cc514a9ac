//go:build !linux

// Command demo needs Linux, as the lab does.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "demo: the lab runs on Linux only")
	os.Exit(1)
}
