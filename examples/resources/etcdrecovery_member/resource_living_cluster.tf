# One member of a living cluster was lost: no seed, only the member that comes back.
resource "etcdrecovery_member" "m3" {
  node = data.etcdrecovery_survey.masters.nodes["m3"]
  join = data.etcdrecovery_survey.masters.cluster
}
