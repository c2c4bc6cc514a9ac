//go:build !linux

// Command bench needs Linux, as the lab does.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: the lab runs on Linux only")
	os.Exit(1)
}
