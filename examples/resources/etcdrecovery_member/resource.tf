data "etcdrecovery_survey" "masters" {
  nodes = {
    m1 = { host = "10.0.0.11" }
    m2 = { host = "10.0.0.12" }
    m3 = { host = "10.0.0.13" }
  }
}

resource "etcdrecovery_seed" "this" {
  survey      = data.etcdrecovery_survey.masters
  node        = "m1"
  recovery_id = "2026-11-22"
}

# After the seed, one by one: each joins the cluster that the one before has left.
resource "etcdrecovery_member" "m2" {
  node = data.etcdrecovery_survey.masters.nodes["m2"]
  join = etcdrecovery_seed.this.cluster
}

resource "etcdrecovery_member" "m3" {
  node = data.etcdrecovery_survey.masters.nodes["m3"]
  join = etcdrecovery_member.m2.cluster
}
