resource "etcdrecovery_seed" "this" {
  survey      = data.etcdrecovery_survey.masters
  lost_nodes  = []           # exactly those masters that do not answer and never will
  recovery_id = "2026-11-22" # changing it asks for another recovery
}
