// Package sshd is the SSH endpoint of a simulated node: the real protocol, with one key, sessions, signals and tunnels,
// and what befalls it. It stands still while the node is frozen.
//
// It is not OpenSSH, which Debian nodes run: there is no terminal, no subsystem and no forwarding but direct-tcpip, and
// what users may do on the node is the business of the sudo that the lab puts there.
package sshd
