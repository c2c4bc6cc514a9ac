# Any number of masters, without a resource for each. They still join one at a time, in whatever order, so their manifests are
# known after apply only. In a chain (examples/recover-five-masters) the plan shows them in full.

terraform {
  required_version = ">= 1.11"
  required_providers {
    etcdrecovery = {
      source = "etcdrecovery/etcdrecovery"
    }
  }
}

locals {
  masters = {
    m1 = { host = "10.0.0.11" }
    m2 = { host = "10.0.0.12" }
    m3 = { host = "10.0.0.13" }
  }
  seed = "m1"
  lost = [] # switched off for good
}

provider "etcdrecovery" {
  ssh = {
    user             = "ops"
    private_key_file = "~/.ssh/id_ed25519"
  }
}

data "etcdrecovery_survey" "masters" {
  nodes = local.masters
}

resource "etcdrecovery_seed" "this" {
  survey      = data.etcdrecovery_survey.masters
  node        = local.seed
  lost_nodes  = local.lost
  recovery_id = "2026-11-22"
}

resource "etcdrecovery_member" "others" {
  for_each = setsubtract(keys(local.masters), concat([local.seed], local.lost))

  node      = data.etcdrecovery_survey.masters.nodes[each.key]
  join      = etcdrecovery_seed.this.cluster
  any_order = true
}
