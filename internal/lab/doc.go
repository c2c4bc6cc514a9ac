// Package lab makes nodes to practise on: real etcd servers that run as static pods, reached over real SSH. There are
// two grades behind one interface.
//
// Debian nodes are Debian systems in namespaces, with systemd, OpenSSH, containerd or Docker, a real kubelet, and what
// kubeadm makes. They need root on Debian, and a process that runs in a host namespace: see the package machine.
//
// Simulated nodes need Linux and the go command, nothing else: no root, no container runtime, no kubelet, no sshd, and
// no network but loopback. Each node is a folder that stands for its disk, an address in a loopback /24 that the lab
// claims for itself, an SSH endpoint, a fake kubelet, and a proxy in front of etcd's peer port which makes it possible
// to cut the node off. All of these live in the process that called Start; the etcd servers and the shells of SSH
// sessions are its children and die with it.
//
// What differs between a simulated node and a real one, and what a test must therefore not rely on:
//
//   - Paths are those of this machine. A manifest names /tmp/…/m1/var/lib/etcd where a node has /var/lib/etcd.
//   - There is one process table and one set of ports. The advertised peer port is always open, because the lab's proxy
//     holds it; etcd itself listens on 127.s.t.(100+i).
//   - Probes are not carried out, and resources, users and mounts are not isolated.
//   - The fake kubelet looks at the manifest folder every 20 ms, and backs off from crashes 40 to 60 times faster than
//     a kubelet does.
//
// # Rooms
//
// This package has the nodes of both grades, and the clients that work on them. What they are made of:
//
//	kubelet    the fake kubelet and container runtime of simulated nodes, with crictl and systemctl
//	sshd       the SSH endpoint of simulated nodes
//	machine    Debian systems in namespaces, which Debian nodes run on
//	build      etcd servers, kubelets and images; what they are built from is in servers
//	disk       what befalls disks
//	pki        certificates and SSH keys
//	proc       processes
//	tcp, wait  connections; waiting
//
// What is done with nodes:
//
//	faults     interrupts recoveries; history shows that they lose no write, steps what they did, and forceflag that
//	           nothing stays forced
//	terraform  Terraform or OpenTofu, run on a lab
//	labtest    what tests of the lab begin with
//	sample     how much of a test runs
//	cmd        the programs: demo, drill, bench, faults, the provider that tells of its steps, and pause
package lab
