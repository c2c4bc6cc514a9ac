package survey

import "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"

// TellOfMount is tellOfMount.
func TellOfMount(e *recovery.Evidence, notMounted string) { tellOfMount(e, notMounted) }
