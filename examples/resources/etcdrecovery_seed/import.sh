# NAME=HOST[:PORT], then settings of the node as in the survey, each after a comma.
terraform import etcdrecovery_seed.this m1=10.0.0.11
