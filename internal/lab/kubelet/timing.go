//go:build linux

package kubelet

import "time"

// Timing says how fast the kubelet is. A zero field means its default.
type Timing struct {
	Poll time.Duration // between two looks at the manifest folder: 50 ms. A kubelet is told by inotify.
	// Before the second restart of a container that exits (the first is immediate), doubling: 250 ms. A kubelet: 10 s.
	Backoff      time.Duration
	BackoffMax   time.Duration // 5 s. A kubelet: 300 s.
	BackoffReset time.Duration // a run this long starts the back-off anew: 10 s. A kubelet: 10 min.
	// Between two tries to start a changed pod while the old one of its name still stops: Poll. A kubelet: about 10 s.
	SameName time.Duration
	Grace    time.Duration // in place of the manifest's terminationGracePeriodSeconds, when set.
}

func (t Timing) withDefaults() Timing {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&t.Poll, 50*time.Millisecond)
	set(&t.Backoff, 250*time.Millisecond)
	set(&t.BackoffMax, 5*time.Second)
	set(&t.BackoffReset, 10*time.Second)
	set(&t.SameName, t.Poll)
	return t
}
