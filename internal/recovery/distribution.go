package recovery

// distribution is a way to run etcd that is none of ours: there is no manifest that could be edited, or somebody writes it anew.
type distribution struct {
	name   string
	signs  []string // patterns of paths on a master, any of which tells it
	unless string   // a sign of one that is built on this one, and recovers in another way
	runs   string   // etcd, after "K3s, which …"
	tool   string   // after "recover with …"
	steps  string
	docs   string
}

// distributions are those that can be told by what is on a master's disk. What is told by a manifest is in internal/manifest. Talos lets nobody
// in, and so is never seen. Paths are the defaults; a unit of systemd counts where an installer put it or where it is enabled, since packages
// bring one along that nobody uses.
func distributions() []distribution {
	const openshift, fencing = "/etc/kubernetes/static-pod-resources/etcd-certs", "/etc/kubernetes/static-pod-resources/etcd-certs/configmaps/external-etcd-pod"
	return []distribution{
		{
			name: "K3s", signs: []string{"/var/lib/rancher/k3s/server/db/etcd"},
			runs: "runs etcd within its own process",
			tool: "k3s server --cluster-reset",
			steps: "stop k3s on all servers (systemctl stop k3s). On the one to recover from run k3s server --cluster-reset, then start k3s again. " +
				"On each of the others move /var/lib/rancher/k3s/server/db away and start k3s",
			docs: "https://docs.k3s.io/cli/etcd-snapshot",
		}, {
			name: "RKE2", signs: []string{"/var/lib/rancher/rke2/server/db/etcd"},
			runs: "writes etcd's manifest anew whenever it starts",
			tool: "rke2 server --cluster-reset",
			steps: "stop rke2-server on all servers (systemctl stop rke2-server). On the one to recover from run rke2 server --cluster-reset, then start rke2-server again. " +
				"On each of the others move /var/lib/rancher/rke2/server/db away and start rke2-server",
			docs: "https://docs.rke2.io/datastore/backup_restore",
		}, {
			name: "k0s", signs: []string{"/var/lib/k0s/etcd"},
			runs: "runs etcd as a process of its own",
			tool: "k0s restore",
			steps: "its documentation knows of one way back, from a backup: k0s restore FILE on a controller that has no data, with what k0s backup has written; " +
				"start that controller, and let the others join anew",
			docs: "https://docs.k0sproject.io/stable/backup/",
		}, {
			name: "RKE1", signs: []string{"/etc/kubernetes/ssl/kube-etcd-*.pem"}, // kubespray has the folder, too, and other names in it
			runs: "runs etcd in a container of Docker's that no kubelet knows",
			tool: "rke etcd snapshot-restore",
			steps: "where cluster.yml is, run rke etcd snapshot-restore --config cluster.yml --name SNAPSHOT. " +
				"It removes the whole cluster and sets it up from the snapshot; the nodes keep theirs in /opt/rke/etcd-snapshots",
			docs: "https://rancher.com/docs/rke/latest/en/etcd-snapshots/restoring-from-backup",
		}, {
			name: "OpenShift two-node with fencing", signs: []string{fencing}, // the pod of which Pacemaker's agent podman-etcd takes the settings
			runs: "has Pacemaker run etcd, in a container of podman's",
			tool: "Pacemaker (pcs resource cleanup)",
			steps: "look at sudo pcs status --full on both nodes. Put fencing right (sudo pcs stonith config), then sudo pcs resource cleanup: " +
				"Pacemaker starts etcd, by itself as a new cluster where only one node is left",
			docs: "https://docs.okd.io/latest/installing/installing_two_node_cluster/installing_tnf/install-post-tnf.html",
		}, {
			name: "OpenShift 4", signs: []string{openshift}, unless: fencing,
			runs: "has an operator that writes etcd's manifest",
			tool: "quorum-restore.sh",
			steps: "on the master to recover from run sudo -E /usr/local/bin/quorum-restore.sh; the etcd operator brings the others in. " +
				"A release that does not have it yet has cluster-restore.sh, which needs a backup",
			docs: "https://docs.okd.io/4.18/backup_and_restore/control_plane_backup_and_restore/disaster_recovery/quorum-restoration.html",
		}, {
			name: "MicroK8s", signs: []string{"/var/snap/microk8s/current/var/kubernetes/backend"},
			runs: "has no etcd: it keeps the cluster in dqlite",
			tool: "dqlite, as MicroK8s tells in its guide for a lost quorum",
			steps: "microk8s stop on all nodes. Keep a copy of /var/snap/microk8s/current/var/kubernetes/backend, take the lost nodes out of its cluster.yaml, " +
				"and have dqlite reconfigured",
			docs: "https://microk8s.io/docs/restore-quorum",
		}, {
			name: "Canonical Kubernetes", signs: []string{"/var/snap/k8s/common/var/lib/etcd", "/var/snap/k8s/common/var/lib/k8s-dqlite"},
			runs: "runs etcd, or dqlite, as a service of its snap",
			tool: "k8sd cluster-recover and etcdutl snapshot restore",
			steps: "snap stop k8s on all nodes. /snap/k8s/current/bin/k8sd cluster-recover on the one whose k8sd has seen most, then a snapshot of etcd, " +
				"restored with etcdutl on all that are left. snap start k8s",
			docs: "https://documentation.ubuntu.com/canonical-kubernetes/latest/snap/howto/restore-quorum",
		}, {
			name:  "systemd",
			signs: []string{"/etc/systemd/system/etcd.service", "/etc/systemd/system/etcd-member.service", "/etc/systemd/system/multi-user.target.wants/etcd.service"},
			runs:  "runs etcd as a service",
			tool:  "kubespray's recover-control-plane.yml, or by hand",
			steps: "where kubespray has set it up, ansible-playbook recover-control-plane.yml, with the lost masters in the groups broken_etcd and broken_kube_control_plane. " +
				"Else take a snapshot at the survivor (etcdctl snapshot save), and restore it with etcdutl snapshot restore, as https://etcd.io/docs/v3.6/op-guide/recovery/ has it",
			docs: "https://github.com/kubernetes-sigs/kubespray/blob/master/docs/operations/recover-control-plane.md",
		},
	}
}
