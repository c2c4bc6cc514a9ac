//go:build linux

package kubelet

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

	"golang.org/x/sys/unix"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
)

// requests is how the scripts on a node ask the runner and the container runtime to do something. They write a line
// to a named pipe: the name of a reply pipe, a verb, arguments. The answer is one line too: "ok", or what went wrong.
type requests struct {
	pipe    *os.File
	gate    *proc.FreezeGate
	quit    chan struct{}
	handle  func(verb string, args []string) error
	reading sync.WaitGroup
}

func newRequests(dir string, gate *proc.FreezeGate, handle func(verb string, args []string) error) (*requests, error) {
	path := filepath.Join(dir, "requests")
	if err := unix.Mkfifo(path, 0o600); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("making a named pipe: %w", err)
	}
	// Opened for writing too, so that reading does not end each time that the last script closes it.
	pipe, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a named pipe: %w", err)
	}
	q := &requests{pipe: pipe, gate: gate, quit: make(chan struct{}), handle: handle}
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
			if !q.gate.Wait(q.quit) {
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
