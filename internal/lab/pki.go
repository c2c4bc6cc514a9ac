//go:build linux

package lab

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

// authority is the certificate authority of one etcd cluster, as kubeadm's etcd-ca.
type authority struct {
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

func newAuthority() (*authority, error) {
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
	return &authority{cert: cert, key: key}, nil
}

// readAuthority reads the one that kubeadm has made.
func readAuthority(dir string) (*authority, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "ca.crt"), filepath.Join(dir, "ca.key"))
	if err != nil {
		return nil, fmt.Errorf("reading the CA: %w", err)
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, errors.New("the CA's key cannot sign")
	}
	return &authority{cert: pair.Leaf, key: key}, nil
}

// issue returns the certificate and its key, both in PEM.
func (a *authority) issue(l leaf) (cert, key []byte, err error) {
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

// validity is the span of a certificate as kubeadm issues it: a year from now.
func validity() (from, until time.Time) {
	now := time.Now()
	return now.Add(-time.Hour), now.AddDate(1, 0, 0)
}

// writeCA puts the CA into a master's folder for etcd's certificates.
func (a *authority) writeCA(dir string) error {
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

// writeLeaves puts a master's own three certificates there.
func (a *authority) writeLeaves(dir, master string, ips []net.IP, from, until time.Time) error {
	names := []string{master, "localhost"}
	for file, l := range map[string]leaf{
		"server":             {name: master, server: true, dns: names, ips: ips},
		"peer":               {name: master, server: true, dns: names, ips: ips},
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

// clientTLS is the configuration of a client that the lab itself uses.
func (a *authority) clientTLS() (*tls.Config, error) {
	from, until := validity()
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
