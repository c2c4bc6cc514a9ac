# terraform test: the functions do what the runbook says, on the manifests in manifests/.

run "forced" {
  command = plan

  assert {
    condition     = strcontains(output.forced, "- --force-new-cluster=true\n") && strcontains(output.forced, "name: etcd-force-new-cluster\n")
    error_message = "The forced manifest has no force flag, or is the same pod."
  }

  assert {
    condition     = provider::etcdrecovery::unforce_manifest(output.forced) == file("manifests/m1.yaml")
    error_message = "Undoing does not give back what was there."
  }

  assert {
    condition     = provider::etcdrecovery::read_manifest(output.forced).force_new_cluster && !provider::etcdrecovery::read_manifest(file("manifests/m1.yaml")).force_new_cluster
    error_message = "The flag is not read back."
  }
}

run "joined" {
  command = plan

  assert {
    condition     = provider::etcdrecovery::read_manifest(output.joined["m2"]).initial_cluster == "m1=https://10.0.0.11:2380,m2=https://10.0.0.12:2380"
    error_message = "m2 does not join a cluster of m1."
  }

  assert {
    condition     = provider::etcdrecovery::read_manifest(output.joined["m3"]).initial_cluster == "m1=https://10.0.0.11:2380,m2=https://10.0.0.12:2380,m3=https://10.0.0.13:2380"
    error_message = "m3 does not join the two before it."
  }

  assert {
    condition     = output.joined["m3"] == file("manifests/m3.yaml")
    error_message = "A manifest that is as it has to be was changed."
  }
}

run "another_seed" {
  command = plan

  variables {
    seed = "m3"
  }

  assert {
    condition     = keys(output.joined) == ["m1", "m2"] && provider::etcdrecovery::read_manifest(output.joined["m1"]).initial_cluster_state == "existing"
    error_message = "m1 and m2 do not join m3."
  }
}
