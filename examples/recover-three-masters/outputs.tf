output "report" {
  description = "What the survey found."
  value       = data.etcdrecovery_survey.masters.report
}

output "old_data" {
  description = "Where each master keeps the data that it had before."
  value = {
    (etcdrecovery_seed.this.node)     = etcdrecovery_seed.this.old_data
    (etcdrecovery_member.second.name) = etcdrecovery_member.second.old_data
    (etcdrecovery_member.third.name)  = etcdrecovery_member.third.old_data
  }
}

output "discarded_entries" {
  description = "Log entries that were not committed on the seed and are gone."
  value       = etcdrecovery_seed.this.discarded_entries
}
