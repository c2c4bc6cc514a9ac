output "report" {
  description = "The evidence on which the recovery was planned."
  value       = etcdrecovery_seed.this.report
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
