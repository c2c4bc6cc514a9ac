//go:build linux

package terraform

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// memoryEvery is how often the provider's processes are looked at. The high-water mark is the kernel's: only what a
// process needs in its last moments can be missed.
const memoryEvery = 50 * time.Millisecond

// watchMemory follows all processes of a program. The function that it returns ends that and gives the highest mark, in
// bytes.
func watchMemory(program string) func() int64 {
	quit, peak := make(chan struct{}), make(chan int64)
	go func() {
		highest := int64(0)
		tick := time.NewTicker(memoryEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				highest = max(highest, highWater(program))
			case <-quit:
				peak <- highest
				return
			}
		}
	}()
	return func() int64 {
		close(quit)
		return <-peak
	}
}

func highWater(program string) int64 {
	highest := int64(0)
	exes, _ := filepath.Glob("/proc/[0-9]*/exe") // the pattern is good
	for _, exe := range exes {
		if to, err := os.Readlink(exe); err != nil || to != program {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(exe), "status"))
		if err != nil {
			continue // it has ended
		}
		for line := range strings.Lines(string(status)) {
			var kib int64
			if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
				highest = max(highest, kib<<10)
			}
		}
	}
	return highest
}
