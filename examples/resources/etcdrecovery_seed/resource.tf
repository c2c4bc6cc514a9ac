data "etcdrecovery_survey" "masters" {
  nodes = {
    m1 = { host = "10.0.0.11" }
    m2 = { host = "10.0.0.12" }
    m3 = { host = "10.0.0.13" }
  }
}

# The survey chooses the master to grow from; the plan shows which one and why.
resource "etcdrecovery_seed" "this" {
  survey      = data.etcdrecovery_survey.masters
  recovery_id = "2026-11-22"
}
