package survey

import (
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TellOfMount is tellOfMount.
func TellOfMount(e *recovery.Evidence, notMounted string) { tellOfMount(e, notMounted) }

// Surpassed is surpassed.
func Surpassed(s recovery.Survey, live *recovery.Live) bool { return surpassed(s, live) }

// DoubtMount is doubtMount.
func DoubtMount(e *recovery.Evidence) { doubtMount(e) }

// RecordedElsewhere is recordedElsewhere.
func RecordedElsewhere(e recovery.Evidence) string { return recordedElsewhere(e) }

// OnDisk is onDisk.
func OnDisk(s *datadir.State, image string) *recovery.OnDisk { return onDisk(s, image) }
