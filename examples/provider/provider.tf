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
