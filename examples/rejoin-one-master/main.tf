# The cluster has a quorum, and m3 has lost its etcd data: m3 joins again, and the others work on.
# No seed: nothing is forced here.
#
#   1. Put in your masters and how you log in.
#   2. terraform plan -out=rejoin.tfplan
#   3. terraform apply rejoin.tfplan

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
  }
}

resource "etcdrecovery_member" "m3" {
  node = data.etcdrecovery_survey.masters.nodes["m3"]
  join = data.etcdrecovery_survey.masters.cluster
}

# With this block the plan shows the change of the manifest line by line.
#
# import {
#   to = etcdrecovery_member.m3
#   id = "m3=10.0.0.13"
# }
