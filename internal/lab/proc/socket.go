//go:build linux

package proc

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Socket is the kernel's number of a socket on this machine.
type Socket uint64

// OtherEnd finds the socket at the other end of a connection that came over loopback. It reports false when there is
// none (any more).
func OtherEnd(accepted net.Conn) (Socket, bool) {
	inode := socketInode(addrPort(accepted.RemoteAddr()), addrPort(accepted.LocalAddr()))
	return Socket(inode), inode != 0
}

// socketInode finds the socket that local is bound to and that is connected to remote. It returns 0 when there is none
// (any more).
func socketInode(local, remote netip.AddrPort) uint64 {
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }()
	want := procAddr(local) + " " + procAddr(remote) + " "
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		_, rest, ok := strings.Cut(lines.Text(), ": ")
		if !ok || !strings.HasPrefix(rest, want) {
			continue
		}
		// sl: local remote st tx:rx tr:when retrnsmt uid timeout inode
		fields := strings.Fields(rest)
		if len(fields) < 9 {
			continue
		}
		inode, err := strconv.ParseUint(fields[8], 10, 64)
		if err == nil && inode != 0 {
			return inode
		}
	}
	return 0
}

// procAddr writes an address as /proc/net/tcp does: the four bytes in the machine's byte order, in hex.
func procAddr(a netip.AddrPort) string {
	ip := a.Addr().Unmap().As4()
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(ip[:]), a.Port())
}

// OpenIn reports whether a process has the socket open.
func (s Socket) OpenIn(pid int) bool {
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	want := fmt.Sprintf("socket:[%d]", s)
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && to == want {
			return true
		}
	}
	return false
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort()
	}
	return netip.AddrPort{}
}
