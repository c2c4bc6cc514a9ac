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

# All others in whatever order, still one at a time. Their manifests are known after apply only.
resource "etcdrecovery_member" "others" {
  for_each = toset(["m2", "m3"])

  node      = data.etcdrecovery_survey.masters.nodes[each.key]
  join      = etcdrecovery_seed.this.cluster
  any_order = true
}
