import {
  to = etcdrecovery_member.m3
  id = "m3=10.0.0.13"
}
