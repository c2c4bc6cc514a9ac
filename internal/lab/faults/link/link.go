// Package link lets a provider at work tell of each step and each refusal: fault injection, which it then lets have its
// way, or a test.
package link

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
)

// Variable names, in the provider's environment, the socket at which somebody listens.
const Variable = "ETCDRECOVERY_LAB_WATCH"

// Event is a step that is about to be carried out, or that was; or a refusal.
type Event struct {
	PID       int           // of the provider
	Refused   recovery.Code `json:",omitzero"` // the code of a refusal, which has nothing of a step
	Operation recovery.Operation
	ID        recovery.StepID
	Number    int      // from 1
	Nodes     []string // none where it is about the cluster
	Acted     bool     // it was carried out, and is not in the journal yet
}

// Report gives the observers of a provider that tells a socket of its steps, and of what it refuses. Each waits for the
// answer; without one the step fails. With no socket there are none.
func Report(socket string) (before, after executor.Observer, refused func(recovery.Code)) {
	if socket == "" {
		return nil, nil, nil
	}
	tell := func(acted bool) executor.Observer {
		return func(number, _ int, s recovery.Step) error {
			return report(socket, Event{
				PID:       os.Getpid(),
				Operation: s.Operation,
				ID:        s.ID,
				Number:    number,
				Nodes:     s.Nodes,
				Acted:     acted,
			})
		}
	}
	return tell(false), tell(true), func(c recovery.Code) {
		_ = report(socket, Event{PID: os.Getpid(), Refused: c}) // it is refused whether anybody hears of it or not
	}
}

func report(socket string, e Event) error {
	conn, err := net.Dial("unix", socket) //nolint:noctx // an Observer has none
	if err != nil {
		return fmt.Errorf("telling of a step: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if err := json.NewEncoder(conn).Encode(e); err != nil {
		return fmt.Errorf("telling of a step: %w", err)
	}
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		return fmt.Errorf("waiting for leave to go on: %w", err)
	}
	return nil
}

// Listener hears of the steps.
type Listener struct {
	socket  net.Listener
	serving sync.WaitGroup
}

// Listen hears of each step at a socket. The provider goes on when hear returns.
func Listen(socket string, hear func(Event)) (*Listener, error) {
	s, err := net.Listen("unix", socket) //nolint:noctx // a file of our own
	if err != nil {
		return nil, fmt.Errorf("listening for steps: %w", err)
	}
	l := &Listener{socket: s}
	l.serving.Go(func() {
		for {
			conn, err := s.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			l.serving.Go(func() {
				defer func() { _ = conn.Close() }()
				var e Event
				if json.NewDecoder(conn).Decode(&e) == nil {
					hear(e)
					_, _ = conn.Write([]byte("go on\n")) // a provider that was killed does not hear it
				}
			})
		}
	})
	return l, nil
}

// Close ends it when every hear has returned.
func (l *Listener) Close() error {
	err := l.socket.Close()
	l.serving.Wait()
	return err
}
