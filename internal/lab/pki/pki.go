// Package pki makes the certificates and the SSH keys of a lab. It does as kubeadm does where a node's certificates are
// concerned, and validates nothing.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Authority is the certificate authority of one etcd cluster, as kubeadm's etcd-ca.
type Authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// leaf is a certificate to be issued.
type leaf struct {
	name         string // common name
	organization []string
	server       bool // also good for serving; every one is good for clients
	dns          []string
	ips          []net.IP
	from, until  time.Time
}

// NewAuthority makes one.
func NewAuthority() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generating the CA key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(0),
		Subject:               pkix.Name{CommonName: "etcd-ca"},
		DNSNames:              []string{"etcd-ca"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("creating the CA certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading back the CA certificate: %w", err)
	}
	return &Authority{cert: cert, key: key}, nil
}

// ReadAuthority reads the one that kubeadm has made.
func ReadAuthority(dir string) (*Authority, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "ca.crt"), filepath.Join(dir, "ca.key"))
	if err != nil {
		return nil, fmt.Errorf("reading the CA: %w", err)
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, errors.New("the CA's key cannot sign")
	}
	return &Authority{cert: pair.Leaf, key: key}, nil
}

// issue returns the certificate and its key, both in PEM.
func (a *Authority) issue(l leaf) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("generating the key of %s: %w", l.name, err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 62))
	if err != nil {
		return nil, nil, fmt.Errorf("choosing a serial number: %w", err)
	}
	usage := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if l.server {
		usage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: l.name, Organization: l.organization},
		DNSNames:              l.dns,
		IPAddresses:           l.ips,
		NotBefore:             l.from,
		NotAfter:              l.until,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:           usage,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, private.Public(), a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("issuing the certificate of %s: %w", l.name, err)
	}
	key, err = keyPEM(private)
	if err != nil {
		return nil, nil, err
	}
	return certPEM(der), key, nil
}

// Validity is the span of a certificate as kubeadm issues it: a year from now.
func Validity() (from, until time.Time) {
	now := time.Now()
	return now.Add(-time.Hour), now.AddDate(1, 0, 0)
}

// Expired is the span of a certificate that was issued a year ago, and ended yesterday.
func Expired() (from, until time.Time) {
	now := time.Now()
	return now.AddDate(-1, 0, -1), now.AddDate(0, 0, -1)
}

// WriteCA puts the CA into a node's folder for etcd's certificates.
func (a *Authority) WriteCA(dir string) error {
	private, ok := a.key.(*ecdsa.PrivateKey)
	if !ok {
		return errors.New("the CA is not the lab's own")
	}
	key, err := keyPEM(private)
	if err != nil {
		return err
	}
	return writePair(dir, "ca", certPEM(a.cert.Raw), key)
}

// WriteLeaves puts a node's own three certificates there.
func (a *Authority) WriteLeaves(dir, node string, ips []net.IP, from, until time.Time) error {
	names := []string{node, "localhost"}
	for file, l := range map[string]leaf{
		"server":             {name: node, server: true, dns: names, ips: ips},
		"peer":               {name: node, server: true, dns: names, ips: ips},
		"healthcheck-client": {name: "kube-etcd-healthcheck-client", organization: []string{"system:masters"}},
	} {
		l.from, l.until = from, until
		cert, key, err := a.issue(l)
		if err != nil {
			return err
		}
		if err := writePair(dir, file, cert, key); err != nil {
			return err
		}
	}
	return nil
}

// ClientTLS is the configuration of a client that the lab itself uses.
func (a *Authority) ClientTLS() (*tls.Config, error) {
	from, until := Validity()
	cert, key, err := a.issue(leaf{
		name: "kube-etcd-healthcheck-client", organization: []string{"system:masters"}, from: from, until: until,
	})
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("the lab's client certificate: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

func certPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func keyPEM(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

func writePair(dir, name string, cert, key []byte) error {
	if err := os.WriteFile(filepath.Join(dir, name+".crt"), cert, 0o644); err != nil {
		return fmt.Errorf("writing a certificate: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".key"), key, 0o600); err != nil {
		return fmt.Errorf("writing a key: %w", err)
	}
	return nil
}
