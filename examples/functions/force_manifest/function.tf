# What the seed's forced start would be, before any master is touched.
output "forced" {
  value = provider::etcdrecovery::force_manifest(file("${path.module}/manifests/m1.yaml"))
}
