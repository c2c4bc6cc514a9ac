locals {
  etcd = provider::etcdrecovery::read_manifest(file("${path.module}/manifests/m1.yaml"))
}

output "member" {
  value = "${local.etcd.name} listens to its peers at ${join(", ", local.etcd.listen_peer_urls)}"
}

# Where etcd's data and certificates are on the master, also where the container sees other paths.
output "host_paths" {
  value = local.etcd.host_paths
}

# Any other setting, as a flag without its dashes.
output "quota" {
  value = lookup(local.etcd.settings, "quota-backend-bytes", "etcd's default")
}
