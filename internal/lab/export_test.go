//go:build linux

package lab

import "crypto/tls"

// WriterPace is between two writes of a Writer.
const WriterPace = writerPace

// ClientTLS is how the lab itself reaches etcd.
func (l *Lab) ClientTLS() *tls.Config { return l.clientTLS.Clone() }
