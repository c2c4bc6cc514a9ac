data "etcdrecovery_survey" "masters" {
  nodes = {
    m1 = { host = "10.0.0.11" }
    m2 = { host = "10.0.0.12" }
    m3 = { host = "10.0.0.13" }
  }
}

output "report" {
  value = data.etcdrecovery_survey.masters.report
}
