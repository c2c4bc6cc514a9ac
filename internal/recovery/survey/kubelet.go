package survey

import (
	"crypto/x509"
	"encoding/pem"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

func kubeletOf(found node.Kubelet, now time.Time) recovery.Kubelet {
	k := recovery.Kubelet{Running: found.Running, Service: found.Service}
	block, _ := pem.Decode(found.Certificate)
	if block == nil {
		return k
	}
	if cert, err := x509.ParseCertificate(block.Bytes); err == nil && now.After(cert.NotAfter) {
		k.CertFile, k.Expired = found.CertFile, cert.NotAfter.UTC()
		// Systemd has started it once more; without an age it was gone before that could be read.
		if found.Age <= stillborn {
			k.Running, k.Service = false, ""
		}
	}
	return k
}

// stillborn is the age up to which a kubelet with an expired certificate is taken for one that ends in a moment and is
// started again, over and over. It ends within seconds, more of them on a busy machine, and systemd waits 10 s before
// the next.
const stillborn = 30 * time.Second
