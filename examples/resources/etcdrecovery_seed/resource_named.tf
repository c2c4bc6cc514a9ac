data "etcdrecovery_survey" "masters" {
  nodes = {
    m1 = { host = "10.0.0.11" }
    m2 = { host = "10.0.0.12" }
    m3 = { host = "10.0.0.13" }
  }
}

# You choose the master, and give up one that is switched off for good.
resource "etcdrecovery_seed" "this" {
  survey      = data.etcdrecovery_survey.masters
  node        = "m1"
  lost_nodes  = ["m3"]
  recovery_id = "2026-11-22"
}
