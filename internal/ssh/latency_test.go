package ssh_test

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	etcdssh "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// far is a line to a server that takes its time, each way, and can be cut without anybody hearing of it.
type far struct {
	delay time.Duration
	cut   atomic.Bool

	mu    sync.Mutex
	last  string
	turns int // how often our side spoke after the other one had
}

// at gives where the server is reached over this line.
func (f *far) at(t *testing.T, server string) (port int) {
	t.Helper()
	l := listen(t, "tcp", "127.0.0.1:0")
	var carrying sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	keep := func(c net.Conn) { mu.Lock(); defer mu.Unlock(); conns = append(conns, c) }
	carrying.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			away, err := net.Dial("tcp", server) //nolint:noctx // loopback
			if err != nil {
				_ = near.Close()
				continue
			}
			keep(near)
			keep(away)
			carrying.Go(func() { f.carry(near, away, "ours") })
			carrying.Go(func() { f.carry(away, near, "theirs") })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		carrying.Wait()
	})
	return portOf(l)
}

func (f *far) carry(from, to net.Conn, whose string) {
	type parcel struct {
		due  time.Time
		data []byte
	}
	under := make(chan parcel, 1000)
	var delivering sync.WaitGroup
	delivering.Go(func() {
		for p := range under {
			time.Sleep(time.Until(p.due))
			if _, err := to.Write(p.data); err != nil {
				break
			}
		}
		_ = to.Close()
	})
	for {
		data := make([]byte, 32<<10)
		n, err := from.Read(data)
		if n > 0 && !f.cut.Load() {
			f.mu.Lock()
			if whose == "ours" && f.last == "theirs" {
				f.turns++
			}
			f.last = whose
			f.mu.Unlock()
			select {
			case under <- parcel{time.Now().Add(f.delay), data[:n]}:
			default: // nobody takes it any more
			}
		}
		if err != nil {
			break
		}
	}
	close(under)
	delivering.Wait()
}

// TestRoundTrips counts what stands between the first byte and the first answer of a script, on seven masters at once
// that are far away.
func TestRoundTrips(t *testing.T) {
	// Version, keys, service, what the login takes (none), is this key known, the signature, session, command, answer;
	// two more may cross.
	const most = 11
	var all sync.WaitGroup
	began := time.Now()
	for range 7 {
		s, config := door(t, &server{})
		line := &far{delay: 50 * time.Millisecond}
		config.Port = line.at(t, s.addr)
		all.Go(func() {
			c := etcdssh.New(config, nil)
			defer func() { _ = c.Close() }()
			if err := run(t, c); err != nil {
				t.Error(err)
				return
			}
			line.mu.Lock()
			first := line.turns
			line.mu.Unlock()
			if first > most {
				t.Errorf("%d round trips to the first answer, want %d at most", first, most)
			}
			if err := run(t, c); err != nil {
				t.Error(err)
			}
			line.mu.Lock()
			defer line.mu.Unlock()
			t.Logf("%d round trips to the first answer, %d for the second", first, line.turns-first)
		})
	}
	all.Wait()
	t.Logf("seven at once at 100 ms, two scripts each: %s", time.Since(began).Round(time.Millisecond))
}

// TestFarAway works over a slow line, with a jump host that is far away, too.
func TestFarAway(t *testing.T) {
	jump, jumpConfig := door(t, &server{dials: true})
	s, config := door(t, &server{})
	jumpConfig.Port = (&far{delay: 75 * time.Millisecond}).at(t, jump.addr)
	config.Port = (&far{delay: 75 * time.Millisecond}).at(t, s.addr)
	must(t, echo(t.Context(), config, etcdssh.New(jumpConfig, nil)))
}

// TestHalfOpen has a line go dead without a word, before a command, and while one runs.
func TestHalfOpen(t *testing.T) {
	for name, during := range map[string]bool{"before": false, "during": true} {
		s, config := door(t, &server{})
		line := &far{}
		config.Port, config.Keepalive, config.Timeout = line.at(t, s.addr), 100*time.Millisecond, 500*time.Millisecond
		c := etcdssh.New(config, nil)
		must(t, run(t, c))
		script := "echo here"
		if during {
			script = "sleep 60"
			time.AfterFunc(200*time.Millisecond, func() { line.cut.Store(true) })
		} else {
			line.cut.Store(true)
		}
		_, err := c.Run(t.Context(), script)
		wantError(t, name, err, etcdssh.ErrSilent)
		line.cut.Store(false)
		must(t, run(t, c)) // over a new connection
		must(t, c.Close())
	}
}
