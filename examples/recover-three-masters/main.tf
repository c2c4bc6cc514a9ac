# Brings back a cluster of three masters of which two have lost their etcd data for good.
#
#   1. Fill in terraform.tfvars: your masters, and how you log in.
#   2. terraform plan   - read the evidence, the steps and the manifests that will be written.
#   3. terraform apply  - carries out exactly that, one member at a time, or stops first.

terraform {
  required_version = ">= 1.11"
  required_providers {
    etcdrecovery = {
      source = "etcdrecovery/etcdrecovery"
    }
  }
}

provider "etcdrecovery" {
  ssh = var.ssh
}

# Read only: what every master has, and whether the majority is really lost.
data "etcdrecovery_survey" "masters" {
  nodes = var.nodes
}

# The master from whose data the cluster grows again.
resource "etcdrecovery_seed" "this" {
  survey      = data.etcdrecovery_survey.masters
  node        = var.seed
  lost_nodes  = var.lost_nodes
  recovery_id = var.recovery_id
}

# The others, each after the one before: in a chain the plan knows every manifest to the last byte.
resource "etcdrecovery_member" "second" {
  node = data.etcdrecovery_survey.masters.nodes[var.rejoin[0]]
  join = etcdrecovery_seed.this.cluster
}

resource "etcdrecovery_member" "third" {
  node = data.etcdrecovery_survey.masters.nodes[var.rejoin[1]]
  join = etcdrecovery_member.second.cluster
}
