package node

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Socket is an address that something listens at.
type Socket = netip.AddrPort

// parseSockets reads the listening sockets of /proc/net/tcp or tcp6, which every Linux has where ss and netstat may be
// missing.
func parseSockets(table string) []Socket {
	const listen = "0A"
	var sockets []Socket
	for _, line := range strings.Split(table, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != listen {
			continue
		}
		host, port, ok := strings.Cut(fields[1], ":")
		if !ok {
			continue
		}
		p, err := strconv.ParseUint(port, 16, 16)
		if err != nil {
			continue
		}
		raw, err := hex.DecodeString(host)
		if err != nil {
			continue
		}
		// Each 32-bit word is in the machine's order, little endian on all that run Kubernetes.
		for word := range slices.Chunk(raw, 4) {
			slices.Reverse(word)
		}
		addr, ok := netip.AddrFromSlice(raw)
		if !ok {
			continue
		}
		sockets = append(sockets, netip.AddrPortFrom(addr.Unmap(), uint16(p)))
	}
	return sockets
}

// Listens tells whether something listens at the address, or at its port on all addresses.
func Listens(sockets []Socket, at netip.AddrPort) bool {
	return slices.ContainsFunc(sockets, func(s Socket) bool {
		return s.Port() == at.Port() && (s.Addr() == at.Addr() || s.Addr().IsUnspecified() || at.Addr().IsUnspecified())
	})
}

// Sockets lists what listens on the master.
func (n *Node) Sockets(ctx context.Context) ([]Socket, error) {
	out, err := n.run(ctx, script("sockets"))
	if err != nil {
		return nil, fmt.Errorf("reading the listening ports of %s: %w", n.Name, err)
	}
	return parseSockets(string(out)), nil
}
