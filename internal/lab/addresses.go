//go:build linux

package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/tcp"
)

const (
	sshPort     = 2222
	clientPort  = 2379
	peerPort    = 2380
	metricsPort = 2381
)

// addresses is a loopback /24 of the lab's own: 127.s.t.0. Linux answers on all of 127.0.0.0/8 without any set-up, so
// every node gets an address, and the ports can be the usual ones.
type addresses struct {
	s, t  int
	claim net.Listener // held for as long as the lab uses the /24
}

// claimAddresses takes a /24 that no other lab on this machine holds.
func claimAddresses(ctx context.Context) (*addresses, error) {
	var last error
	for range 64 {
		a := &addresses{s: 64 + rand.IntN(64), t: 64 + rand.IntN(64)}
		var err error
		a.claim, err = tcp.Listen(ctx, a.host(254), sshPort)
		if err == nil {
			return a, nil
		}
		last = err
	}
	return nil, fmt.Errorf("no free loopback network for the lab: %w", last)
}

// host is the address of node i, counted from 1: where SSH and clients find it, and what its peers dial.
func (a *addresses) host(i int) string {
	return fmt.Sprintf("127.%d.%d.%d", a.s, a.t, i)
}

// peerHost is where the etcd of node i really listens for its peers, behind the lab's proxy.
func (a *addresses) peerHost(i int) string {
	return a.host(100 + i)
}

func (a *addresses) release() error {
	return a.claim.Close()
}
