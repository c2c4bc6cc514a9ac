//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/steps"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// milestones are how far a recovery of three nodes is, since its beginning.
type milestones struct {
	forced   time.Duration // the forced cluster serves
	unforced time.Duration // it serves without the flag
	second   time.Duration // m2 is a voter
	third    time.Duration // m3 is one
	done     time.Duration
}

// milestonesOf reads them from the nodes' journals, where a recovery wrote them.
func milestonesOf(l *lab.Lab, began time.Time, took time.Duration) (milestones, error) {
	ms := milestones{done: took}
	all, err := steps.Read(l)
	if err != nil {
		return ms, err
	}
	for _, s := range all {
		at := s.End.Sub(began)
		switch {
		case s.ID == recovery.StepForce:
			ms.forced = at
		case s.ID == recovery.StepUnforce:
			ms.unforced = at
		case s.ID == recovery.StepPromote && s.Node == "m2":
			ms.second = at
		case s.ID == recovery.StepPromote && s.Node == "m3":
			ms.third = at
		}
	}
	if ms.forced == 0 || ms.unforced == 0 || ms.second == 0 || ms.third == 0 {
		return ms, fmt.Errorf("the journals do not have every step: %+v", all)
	}
	return ms, nil
}
