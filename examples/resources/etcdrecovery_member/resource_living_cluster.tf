data "etcdrecovery_survey" "masters" {
  nodes = {
    m1 = { host = "10.0.0.11" }
    m2 = { host = "10.0.0.12" }
    m3 = { host = "10.0.0.13" }
  }
}

# The cluster has a quorum and m3 has lost its data: no seed.
resource "etcdrecovery_member" "m3" {
  node = data.etcdrecovery_survey.masters.nodes["m3"]
  join = data.etcdrecovery_survey.masters.cluster
}
