# NAME=HOST[:PORT][,SETTING=VALUE...]; settings: user, host_key, kubelet_config, manifest_dir, manifest, work_dir
terraform import etcdrecovery_seed.this 'm1=10.0.0.11'
