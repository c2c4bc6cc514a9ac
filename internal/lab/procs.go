//go:build linux

package lab

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// masterVariable marks, in its environment, every process that a master's SSH sessions start, daemons included.
const masterVariable = "ETCDRECOVERY_LAB_MASTER"

// sessionProcesses returns the processes that SSH sessions of the master with this root started, however far removed.
func sessionProcesses(root string) []int {
	mark := []byte(masterVariable + "=" + root + "\x00")
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		// A process that ends meanwhile, or belongs to somebody else, is none of ours.
		env, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err == nil && bytes.Contains(append(env, 0), mark) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// killSessionProcesses kills them all.
func killSessionProcesses(root string) {
	killAll(func() []int { return sessionProcesses(root) })
}

// killAll kills what is found. All is stopped first, so that no shell goes on to its next command because the one
// before is killed. It looks again until nothing is left, since a process may fork while it is looked for.
func killAll(find func() []int) {
	for range 50 {
		pids := find()
		if len(pids) == 0 {
			return
		}
		for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL} {
			for _, pid := range pids {
				_ = syscall.Kill(pid, sig) // ESRCH: it has ended by itself
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
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

// ownsSocket reports whether process pid has the socket open.
func ownsSocket(pid int, inode uint64) bool {
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	want := fmt.Sprintf("socket:[%d]", inode)
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
