//go:build linux

package main

import "time"

// variant is how a script does the same steps as another one, but for what tells them apart.
type variant struct {
	name     string
	rename   bool          // the forced pod, so that neither pod waits in the kubelet for the other to be finished
	inPlace  bool          // take the flag out in the kubelet's folder, instead of waiting for the forced pod to end
	learners bool          // add those, and promote them when in sync
	atOnce   bool          // stop all nodes at the same time
	pause    time.Duration // between two looks at something that is waited for
}

// runbook is what people have in a plain shell script. Its pause is short on purpose: the forced pod then meets the old
// one of its name in the kubelet, which costs 10 s and more. Somebody who is slower between the two steps by a second
// is now and then spared that.
func runbook() variant { return variant{name: "runbook", inPlace: true, pause: 200 * time.Millisecond} }

// fastest is what a script can get out of the same nodes.
func fastest() variant {
	return variant{name: "fastest script", rename: true, learners: true, atOnce: true, pause: glance}
}
