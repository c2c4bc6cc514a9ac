//go:build linux

package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// requests is how the scripts on a master ask the runner and the container runtime to do something. They write a line
// to a named pipe: the name of a reply pipe, a verb, arguments. The answer is one line too: "ok", or what went wrong.
type requests struct {
	pipe    *os.File
	gate    *gate
	quit    chan struct{}
	handle  func(verb string, args []string) error
	reading sync.WaitGroup
}

func newRequests(dir string, g *gate, handle func(verb string, args []string) error) (*requests, error) {
	path := filepath.Join(dir, "requests")
	if err := unix.Mkfifo(path, 0o600); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("making a named pipe: %w", err)
	}
	// Opened for writing too, so that reading does not end each time that the last script closes it.
	pipe, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a named pipe: %w", err)
	}
	q := &requests{pipe: pipe, gate: g, quit: make(chan struct{}), handle: handle}
	q.reading.Go(q.read)
	return q, nil
}

func (q *requests) read() {
	lines := bufio.NewScanner(q.pipe)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 2 {
			continue
		}
		// Each on its own, since stopping a container can take its whole grace period.
		q.reading.Go(func() {
			if !q.gate.wait(q.quit) {
				return
			}
			answer := "ok"
			if err := q.handle(words[1], words[2:]); err != nil {
				answer = err.Error()
			}
			_ = reply(words[0], answer) // a script that is gone needs no answer
		})
	}
}

func reply(path, answer string) error {
	// The script holds its end open before it asks, so this does not block, and fails if the script is gone.
	f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("answering: %w", err)
	}
	_, err = io.WriteString(f, strings.ReplaceAll(answer, "\n", " ")+"\n")
	return errors.Join(err, f.Close())
}

func (q *requests) close() error {
	close(q.quit)
	err := q.pipe.Close()
	q.reading.Wait()
	return err
}

// handleCRI carries out what crictl asks for.
func (r *containerRuntime) handleCRI(verb string, args []string) error {
	switch {
	case verb == "stop" && len(args) == 2:
		c, err := r.container(args[0])
		if err != nil {
			return err
		}
		grace, err := time.ParseDuration(args[1] + "s")
		if err != nil {
			return fmt.Errorf("invalid timeout: %w", err)
		}
		c.stop(grace)
		r.republish()
		return nil
	case verb == "rm" && len(args) == 1:
		c, err := r.container(args[0])
		if err != nil {
			return err
		}
		c.stop(0)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.drop(c)
		r.publish()
		return nil
	case (verb == "stopp" || verb == "rmp") && len(args) == 1:
		s, err := r.sandbox(args[0])
		if err != nil {
			return err
		}
		r.stopSandbox(s, 2*time.Second)
		if verb == "rmp" {
			r.removeSandbox(s)
		}
		return nil
	}
	return fmt.Errorf("rpc error: code = Unimplemented desc = %s %s", verb, strings.Join(args, " "))
}
