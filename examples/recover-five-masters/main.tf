# Brings back a cluster of five masters of which three or four have lost their etcd data for good.
#
#   1. Put in your masters and how you log in.
#   2. terraform plan -out=recovery.tfplan
#   3. terraform apply recovery.tfplan

terraform {
  required_version = ">= 1.11"
  required_providers {
    etcdrecovery = {
      source = "etcdrecovery/etcdrecovery"
    }
  }
}

provider "etcdrecovery" {
  ssh = {
    user             = "ops"
    private_key_file = "~/.ssh/id_ed25519"
  }
}

data "etcdrecovery_survey" "masters" {
  nodes = {
    m1 = { host = "10.0.0.11" }
    m2 = { host = "10.0.0.12" }
    m3 = { host = "10.0.0.13" }
    m4 = { host = "10.0.0.14" }
    m5 = { host = "10.0.0.15" }
  }
}

resource "etcdrecovery_seed" "this" {
  survey      = data.etcdrecovery_survey.masters
  node        = "m1"
  recovery_id = "2026-11-22"
}

# Each joins after the one before, so the plan knows every manifest to the last byte.
resource "etcdrecovery_member" "m2" {
  node = data.etcdrecovery_survey.masters.nodes["m2"]
  join = etcdrecovery_seed.this.cluster
}

resource "etcdrecovery_member" "m3" {
  node = data.etcdrecovery_survey.masters.nodes["m3"]
  join = etcdrecovery_member.m2.cluster
}

resource "etcdrecovery_member" "m4" {
  node = data.etcdrecovery_survey.masters.nodes["m4"]
  join = etcdrecovery_member.m3.cluster
}

resource "etcdrecovery_member" "m5" {
  node = data.etcdrecovery_survey.masters.nodes["m5"]
  join = etcdrecovery_member.m4.cluster
}
