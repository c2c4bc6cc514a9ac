# Gives back what was there before force_manifest, or takes out a flag that was forgotten.
output "manifest" {
  value = provider::etcdrecovery::unforce_manifest(file("${path.module}/manifests/m1-forced.yaml"))
}
