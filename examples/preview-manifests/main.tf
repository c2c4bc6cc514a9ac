# The manifests that a recovery would write, from copies of them, without reaching a master. Nothing is applied and no login is needed.
# Put copies of your masters' manifests into manifests/, then: terraform plan

terraform {
  required_version = ">= 1.11"
  required_providers {
    etcdrecovery = {
      source = "etcdrecovery/etcdrecovery"
    }
  }
}

variable "seed" {
  description = "The survivor from which the cluster grows."
  type        = string
  default     = "m1"
}

locals {
  files     = fileset(path.module, "manifests/*.yaml")
  manifests = { for f in local.files : trimsuffix(basename(f), ".yaml") => file("${path.module}/${f}") }
  etcd      = { for name, text in local.manifests : name => provider::etcdrecovery::read_manifest(text) }
  members   = { for name, e in local.etcd : name => { name = e.name, peer_urls = e.peer_urls } }
  others    = [for name in sort(keys(local.manifests)) : name if name != var.seed] # they join in this order
}

output "forced" {
  description = "Stands on the seed for seconds."
  value       = provider::etcdrecovery::force_manifest(local.manifests[var.seed])
}

output "joined" {
  description = "Each other master's manifest, after those before it have joined."
  value = {
    for i, name in local.others : name => provider::etcdrecovery::join_manifest(local.manifests[name],
      concat([local.members[var.seed]], [for earlier in slice(local.others, 0, i) : local.members[earlier]])
    )
  }
}

output "data" {
  description = "Where each master has its data."
  value       = { for name, e in local.etcd : name => e.host_paths["data-dir"] }
}
