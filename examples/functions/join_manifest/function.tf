# m2 joins a cluster of m1. Its own entry is made from its manifest.
output "joined" {
  value = provider::etcdrecovery::join_manifest(file("${path.module}/manifests/m2.yaml"), [
    { name = "m1", peer_urls = ["https://10.0.0.11:2380"] },
  ])
}
