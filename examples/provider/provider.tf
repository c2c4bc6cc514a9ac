provider "etcdrecovery" {
  ssh = {
    user             = "ops"
    private_key_file = "~/.ssh/id_ed25519"
  }
}
