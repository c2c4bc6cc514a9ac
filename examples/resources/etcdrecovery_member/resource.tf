# After a seed, in a chain: the plan knows every manifest to the last byte.
resource "etcdrecovery_member" "m2" {
  node = data.etcdrecovery_survey.masters.nodes["m2"]
  join = etcdrecovery_seed.this.cluster
}

resource "etcdrecovery_member" "m3" {
  node = data.etcdrecovery_survey.masters.nodes["m3"]
  join = etcdrecovery_member.m2.cluster
}
