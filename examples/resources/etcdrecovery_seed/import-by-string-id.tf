import {
  to = etcdrecovery_seed.this
  id = "m1=10.0.0.11"
}
