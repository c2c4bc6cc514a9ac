# Name every master of the cluster, also those that are gone.
data "etcdrecovery_survey" "masters" {
  nodes = {
    m1 = { host = "10.0.0.11" }
    m2 = { host = "10.0.0.12" }
    m3 = { host = "10.0.0.13", port = 2222, user = "admin" }
  }
}

output "report" {
  value = data.etcdrecovery_survey.masters.report
}
