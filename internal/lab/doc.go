// Package lab makes masters to practise on: real etcd servers that run as static pods, reached over real SSH. There are
// two grades behind one interface.
//
// Machines are Debian systems in namespaces, with systemd, OpenSSH, containerd or Docker, a real kubelet, and what
// kubeadm makes. They need root on Debian, and a process that runs in a hub: see the package machine.
//
// Bench needs Linux and the go command, nothing else: no root, no container runtime, no kubelet, no sshd, and no
// network but loopback. Each master is a folder that stands for its disk, an address in a loopback /24 that the lab
// claims for itself, an SSH endpoint, a runner in place of the kubelet and the container runtime, and a proxy in front
// of etcd's peer port which makes it possible to cut the master off. All of these live in the process that called
// Start; the etcd servers and the shells of SSH sessions are its children and die with it.
//
// What differs between a bench master and a real one, and what a test must therefore not rely on:
//
//   - Paths are those of the machine. A manifest names /tmp/…/m1/var/lib/etcd where a master has /var/lib/etcd.
//   - There is one process table and one set of ports. The advertised peer port is always open, because the lab's proxy
//     holds it; etcd itself listens on 127.s.t.(100+i).
//   - Probes are not carried out, and resources, users and mounts are not isolated.
//   - The runner looks at the manifest folder every 20 ms, and backs off from crashes 40 to 60 times faster than a
//     kubelet does.
package lab
