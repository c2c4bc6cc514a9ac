// Package etcd talks to one member at a time, through a given dialer: the provider reaches each through its own master.
package etcd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

// Endpoint is where and how a member is reached.
type Endpoint struct {
	URL    string // a client URL: "https://127.0.0.1:2379"
	CA     []byte // PEM
	Cert   []byte // PEM; a pair that the member accepts from clients
	Key    []byte // PEM; only ever held in memory
	Dialer func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Client is a connection to one member. Every call is answered by this member, or forwarded by it to the leader.
type Client struct {
	url    string
	client *clientv3.Client
}

// Open prepares a client; the connection is made by the first call.
func Open(e Endpoint) (*Client, error) {
	u, err := url.Parse(e.URL)
	if err != nil {
		return nil, fmt.Errorf("client URL: %w", err)
	}
	config := clientv3.Config{
		Endpoints: []string{e.URL},
		Logger:    zap.NewNop(),
		DialOptions: []grpc.DialOption{
			grpc.WithContextDialer(
				func(ctx context.Context, _ string) (net.Conn, error) { return e.Dialer(ctx, "tcp", u.Host) },
			),
			// A member that is just starting is found within a fraction of a second instead of gRPC's seconds.
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff: backoff.Config{
					BaseDelay:  20 * time.Millisecond,
					Multiplier: 1.3,
					MaxDelay:   200 * time.Millisecond,
				},
				MinConnectTimeout: 5 * time.Second,
			}),
		},
	}
	if u.Scheme == "https" {
		if config.TLS, err = e.tls(u.Hostname()); err != nil {
			return nil, err
		}
	}
	c, err := clientv3.New(config)
	if err != nil {
		return nil, fmt.Errorf("etcd client for %s: %w", e.URL, err)
	}
	return &Client{url: e.URL, client: c}, nil
}

func (e Endpoint) tls(serverName string) (*tls.Config, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(e.CA) {
		return nil, errors.New("the etcd CA file holds no certificate")
	}
	pair, err := tls.X509KeyPair(e.Cert, e.Key)
	if err != nil {
		// The error of X509KeyPair names what is wrong with the pair and holds nothing of the key.
		return nil, fmt.Errorf("etcd client certificate: %w", err)
	}
	return &tls.Config{
		RootCAs:      roots,
		Certificates: []tls.Certificate{pair},
		ServerName:   serverName,
		MinVersion:   tls.VersionTLS12,
	}, nil
}

// Listening tells whether anything takes connections at the endpoint. A client would go on trying where nothing does.
func (e Endpoint) Listening(ctx context.Context) error {
	u, err := url.Parse(e.URL)
	if err != nil {
		return fmt.Errorf("client URL: %w", err)
	}
	conn, err := e.Dialer(ctx, "tcp", u.Host)
	if err != nil {
		return fmt.Errorf("nothing listens at %s: %w", e.URL, err)
	}
	return conn.Close()
}

// PeerAnswers tells whether an etcd, or anything that speaks TLS, answers at a peer URL. Where nothing does, the error
// is why no connection came about: it may be that nobody could be asked at all.
func PeerAnswers(
	ctx context.Context,
	dial func(ctx context.Context, network, addr string) (net.Conn, error),
	peerURL string,
) (bool, error) {
	u, err := url.Parse(peerURL)
	if err != nil {
		return false, nil // nobody is at what is no address
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := dial(ctx, "tcp", u.Host)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close() }()
	if u.Scheme != "https" {
		return true, nil
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	// Who it is does not matter, only that somebody is there: nothing is sent to it.
	heard := false
	anybody := &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // see above
		VerifyConnection:   func(tls.ConnectionState) error { heard = true; return nil },
	}
	err = tls.Client(conn, anybody).HandshakeContext(ctx)
	return heard || err == nil, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.client.Close() }

// ClientURL picks from a member's listening URLs the one to use on its own master: loopback where it listens there.
func ClientURL(listen []string) (string, error) {
	best := ""
	for _, s := range listen {
		u, err := url.Parse(s)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
			continue
		}
		ip := net.ParseIP(u.Hostname())
		switch {
		case ip != nil && ip.IsUnspecified():
			loopback := "127.0.0.1"
			if strings.Contains(u.Hostname(), ":") {
				loopback = "::1"
			}
			u.Host = net.JoinHostPort(loopback, u.Port())
			return u.String(), nil
		case ip != nil && ip.IsLoopback():
			return s, nil
		case best == "":
			best = s
		}
	}
	if best == "" {
		return "", fmt.Errorf("no usable URL in --listen-client-urls=%s", strings.Join(listen, ","))
	}
	return best, nil
}
