package node

import "time"

// Kubelet is what tells whether anybody looks after a master's static pods.
type Kubelet struct {
	Running bool   // there is a process of it, or systemd says so
	Service string // what `systemctl is-active kubelet` says; "" where there is no systemd
	// Where its client certificate is; "" for a kubelet that has none, as one that knows of no API server.
	CertFile    string
	Certificate []byte        // PEM; without the private key, which is often in the same file
	Age         time.Duration // of its process; 0 where there is none to be seen
}
