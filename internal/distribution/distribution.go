// Package distribution knows who runs etcd in ways that are none of ours, and how they rebuild it.
package distribution

// Distribution is a way to run etcd that is none of ours: there is no manifest that could be edited, or somebody writes
// it anew.
type Distribution struct {
	Name   string
	Paths  []string // patterns of paths on a master, any of which tells it where etcd has no manifest
	Unless string   // a path of one that is built on this one, and recovers in another way
	Runs   string   // etcd, after "K3s, which …"
	Tool   string   // after "recover with …"
	Steps  string
	Docs   string
}

// All are those that are known. How a manifest tells them is in internal/manifest. Talos lets nobody in, and so is
// never seen. Paths are the defaults; a unit of systemd counts where an installer put it or where it is enabled, since
// packages bring one along that nobody uses.
func All() []Distribution {
	const (
		openshift = "/etc/kubernetes/static-pod-resources/etcd-certs"
		fencing   = openshift + "/configmaps/external-etcd-pod"
		okd       = "https://docs.okd.io/"
	)
	return []Distribution{
		{
			Name:  "K3s",
			Paths: []string{"/var/lib/rancher/k3s/server/db/etcd"},
			Runs:  "runs etcd within its own process",
			Tool:  "k3s server --cluster-reset",
			Steps: "stop k3s on all servers (systemctl stop k3s). On the one to recover from run k3s server " +
				"--cluster-reset, then start k3s again. " +
				"On each of the others move /var/lib/rancher/k3s/server/db away and start k3s",
			Docs: "https://docs.k3s.io/cli/etcd-snapshot",
		},
		{
			Name:  "RKE2",
			Paths: []string{"/var/lib/rancher/rke2/server/db/etcd"},
			Runs:  "writes etcd's manifest anew whenever it starts",
			Tool:  "rke2 server --cluster-reset",
			Steps: "stop rke2-server on all servers (systemctl stop rke2-server). On the one to recover from run " +
				"rke2 server --cluster-reset, then start rke2-server again. " +
				"On each of the others move /var/lib/rancher/rke2/server/db away and start rke2-server",
			Docs: "https://docs.rke2.io/datastore/backup_restore",
		},
		{
			Name:  "k0s",
			Paths: []string{"/var/lib/k0s/etcd"},
			Runs:  "runs etcd as a process of its own",
			Tool:  "k0s restore",
			Steps: "its documentation knows of one way back, from a backup: k0s restore FILE on a controller that " +
				"has no data, with what k0s backup has written; " +
				"start that controller, and let the others join anew",
			Docs: "https://docs.k0sproject.io/stable/backup/",
		},
		{
			// Kubespray has the folder, too, and other names in it.
			Name: "RKE1", Paths: []string{"/etc/kubernetes/ssl/kube-etcd-*.pem"},
			Runs: "runs etcd in a container of Docker's that no kubelet knows",
			Tool: "rke etcd snapshot-restore",
			Steps: "where cluster.yml is, run rke etcd snapshot-restore --config cluster.yml --name SNAPSHOT. " +
				"It removes the whole cluster and sets it up from the snapshot; the nodes keep theirs in " +
				"/opt/rke/etcd-snapshots",
			Docs: "https://rancher.com/docs/rke/latest/en/etcd-snapshots/restoring-from-backup",
		},
		{
			// The pod of which Pacemaker's agent podman-etcd takes the settings.
			Name:  "OpenShift two-node with fencing",
			Paths: []string{fencing},
			Runs:  "has Pacemaker run etcd, in a container of podman's",
			Tool:  "Pacemaker (pcs resource cleanup)",
			Steps: "look at sudo pcs status --full on both nodes. Put fencing right (sudo pcs stonith config), then " +
				"sudo pcs resource cleanup: " +
				"Pacemaker starts etcd, by itself as a new cluster where only one node is left",
			Docs: okd + "latest/installing/installing_two_node_cluster/installing_tnf/install-post-tnf.html",
		},
		{
			Name:   "OpenShift 4",
			Paths:  []string{openshift},
			Unless: fencing,
			Runs:   "has an operator that writes etcd's manifest",
			Tool:   "quorum-restore.sh",
			Steps: "on the master to recover from run sudo -E /usr/local/bin/quorum-restore.sh; the etcd operator " +
				"brings the others in. " +
				"A release that does not have it yet has cluster-restore.sh, which needs a backup",
			Docs: okd + "4.18/backup_and_restore/control_plane_backup_and_restore/disaster_recovery/" +
				"quorum-restoration.html",
		},
		{
			Name:  "MicroK8s",
			Paths: []string{"/var/snap/microk8s/current/var/kubernetes/backend"},
			Runs:  "has no etcd: it keeps the cluster in dqlite",
			Tool:  "dqlite, as MicroK8s tells in its guide for a lost quorum",
			Steps: "microk8s stop on all nodes. Keep a copy of /var/snap/microk8s/current/var/kubernetes/backend, " +
				"take the lost nodes out of its cluster.yaml, " +
				"and have dqlite reconfigured",
			Docs: "https://microk8s.io/docs/restore-quorum",
		},
		{
			Name:  "Canonical Kubernetes",
			Paths: []string{"/var/snap/k8s/common/var/lib/etcd", "/var/snap/k8s/common/var/lib/k8s-dqlite"},
			Runs:  "runs etcd, or dqlite, as a service of its snap",
			Tool:  "k8sd cluster-recover and etcdutl snapshot restore",
			Steps: "snap stop k8s on all nodes. /snap/k8s/current/bin/k8sd cluster-recover on the one whose k8sd has " +
				"seen most, then a snapshot of etcd, " +
				"restored with etcdutl on all that are left. snap start k8s",
			Docs: "https://documentation.ubuntu.com/canonical-kubernetes/latest/snap/howto/restore-quorum",
		},
		{
			Name:  "OpenShift 3",
			Runs:  "starts etcd by a script that takes its settings from /etc/etcd/etcd.conf",
			Tool:  "its own instructions for a lost quorum",
			Steps: "etcd's settings are variables in /etc/etcd/etcd.conf there, ETCD_FORCE_NEW_CLUSTER among them",
			Docs:  "https://docs.openshift.com/container-platform/3.11/admin_guide/assembly_restore-etcd-quorum.html",
		},
		{
			Name: "kOps",
			Runs: "has etcd-manager start etcd, as its child",
			Tool: "etcd-manager-ctl restore-backup",
			Steps: "with --backup-store=STORE as etcd-manager has it, list-backups, then restore-backup; " +
				"etcd-manager does the rest, also for etcd-events",
			Docs: "https://kops.sigs.k8s.io/operations/etcd_backup_restore_encryption/",
		},
		{
			Name:  "Gardener",
			Runs:  "has etcd-druid write etcd's configuration",
			Tool:  "etcd-druid",
			Steps: "follow its instructions for a permanent loss of quorum; it restores members from its backup",
			Docs:  "https://github.com/gardener/etcd-druid/tree/master/docs",
		},
		{
			Name: "systemd",
			Paths: []string{
				"/etc/systemd/system/etcd.service",
				"/etc/systemd/system/etcd-member.service",
				"/etc/systemd/system/multi-user.target.wants/etcd.service",
			},
			Runs: "runs etcd as a service",
			Tool: "kubespray's recover-control-plane.yml, or by hand",
			Steps: "where kubespray has set it up, ansible-playbook recover-control-plane.yml, with the lost masters " +
				"in the groups broken_etcd and broken_kube_control_plane. " +
				"Else take a snapshot at the survivor (etcdctl snapshot save), and restore it with etcdutl snapshot " +
				"restore, as https://etcd.io/docs/v3.6/op-guide/recovery/ has it",
			Docs: "https://github.com/kubernetes-sigs/kubespray/blob/master/docs/operations/recover-control-plane.md",
		},
	}
}

// Named is the distribution of a name, an empty one where there is none.
func Named(name string) Distribution {
	for _, d := range All() {
		if d.Name == name {
			return d
		}
	}
	return Distribution{}
}
