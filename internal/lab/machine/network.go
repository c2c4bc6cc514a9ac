//go:build linux

package machine

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// A Network is a switch in the host namespace: 10.77.N.0/24 and fd77:N::/64, with that namespace itself at 254.
type Network struct {
	number int
}

// hostNumber is the host namespace's own place in a network.
const hostNumber = 244

// NewNetwork makes network n, from 1 to 250.
func NewNetwork(ctx context.Context, n int) (*Network, error) {
	if _, ok := inHostNamespace(); !ok {
		return nil, ErrOutside
	}
	if err := sweep(); err != nil {
		return nil, err
	}
	w := &Network{number: n}
	for _, args := range [][]string{
		{"link", "add", w.bridge(), "type", "bridge", "forward_delay", "0", "stp_state", "0"},
		{"addr", "add", w.Prefix4(hostNumber).String(), "dev", w.bridge()},
		{"addr", "add", w.Prefix6(hostNumber).String(), "dev", w.bridge(), "nodad"},
		{"link", "set", w.bridge(), "up"},
	} {
		if err := ip(ctx, args...); err != nil {
			return nil, fmt.Errorf("making a network: %w", err)
		}
	}
	return w, nil
}

func (w *Network) bridge() string { return "lab" + strconv.Itoa(w.number) }

// cable is the host namespace's end of a machine's cable.
func (w *Network) cable(i int) string { return fmt.Sprintf("lab%d-%d", w.number, i) }

// Prefix4 is the IPv4 address of machine i with the network's mask.
func (w *Network) Prefix4(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, byte(w.number), byte(10 + i)}), 24)
}

// Prefix6 is its IPv6 address.
func (w *Network) Prefix6(i int) netip.Prefix {
	return netip.MustParsePrefix(fmt.Sprintf("fd77:%x::%x/64", w.number, 10+i))
}

// hardware is the address of machine i's network card, which stays when it is switched off and on: its neighbours
// remember it.
func (w *Network) hardware(i int) string { return fmt.Sprintf("02:00:00:4d:%02x:%02x", w.number, i) }

// connect lays a cable from the switch into the network namespace of a process.
func (w *Network) connect(ctx context.Context, i, pid int) error {
	peer := []string{"peer", "name", "eth0", "address", w.hardware(i), "netns", strconv.Itoa(pid)}
	for _, args := range [][]string{
		append([]string{"link", "add", w.cable(i), "type", "veth"}, peer...),
		{"link", "set", w.cable(i), "master", w.bridge(), "up"},
	} {
		if err := ip(ctx, args...); err != nil {
			return fmt.Errorf("laying a cable: %w", err)
		}
	}
	return nil
}

// disconnect takes the cable of machine i away. The kernel does so, too, some time after the machine's last process.
func (w *Network) disconnect(ctx context.Context, i int) error {
	err := ip(ctx, "link", "del", w.cable(i))
	// Gone, or going.
	if err == nil || strings.Contains(err.Error(), "Cannot find device") ||
		strings.Contains(err.Error(), "No such device") {
		return nil
	}
	return err
}

// plug puts the cable of machine i into the switch, or pulls it. The machine sees no difference but that nothing comes.
func (w *Network) plug(ctx context.Context, i int, in bool) error {
	if in {
		return ip(ctx, "link", "set", w.cable(i), "master", w.bridge())
	}
	return ip(ctx, "link", "set", w.cable(i), "nomaster")
}

// Close removes the switch.
func (w *Network) Close(ctx context.Context) error {
	return ip(ctx, "link", "del", w.bridge())
}
