# NAME=HOST[:PORT], then settings of the node as in the survey, each after a comma.
terraform import etcdrecovery_member.m2 m2=10.0.0.12:22,user=ops
