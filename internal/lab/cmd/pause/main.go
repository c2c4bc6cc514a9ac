// The command pause holds a pod's namespaces open until it is told to end. It stands in for registry.k8s.io/pause,
// which the lab cannot pull.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
}
