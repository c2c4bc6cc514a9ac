//go:build linux

package kubelet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// criTime is RFC 3339 with all nine digits, as container runtimes write it.
const criTime = "2006-01-02T15:04:05.000000000Z07:00"

// containerLog writes what a container prints in the CRI's format: time, stream, F for a full line or P for a part of
// one, text.
type containerLog struct {
	file    *os.File
	mu      sync.Mutex
	readers sync.WaitGroup
}

func newContainerLog(path string) (*containerLog, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("making a container's log folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return nil, fmt.Errorf("opening a container's log: %w", err)
	}
	return &containerLog{file: f}, nil
}

// attach makes the log read both of the command's streams. The files it returns are the child's ends, to be closed
// after the start.
func (l *containerLog) attach(cmd *exec.Cmd) (stdout, stderr *os.File, err error) {
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("making a pipe: %w", err)
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("making a pipe: %w", err), outR.Close(), outW.Close())
	}
	cmd.Stdout, cmd.Stderr = outW, errW
	l.readers.Add(2)
	go l.read("stdout", outR)
	go l.read("stderr", errR)
	return outW, errW, nil
}

func (l *containerLog) read(stream string, r *os.File) {
	defer l.readers.Done()
	defer func() { _ = r.Close() }()
	lines := bufio.NewReaderSize(r, 16*1024)
	for {
		text, err := lines.ReadSlice('\n')
		if len(text) > 0 {
			tag := "F"
			if errors.Is(err, bufio.ErrBufferFull) {
				tag = "P"
			}
			l.write(stream, tag, bytes.TrimSuffix(text, []byte("\n")))
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

func (l *containerLog) write(stream, tag string, text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// A log that can't be written, as on a full disk, must not stop the container.
	_, _ = fmt.Fprintf(l.file, "%s %s %s %s\n", time.Now().UTC().Format(criTime), stream, tag, text)
}

// close waits for the last line.
func (l *containerLog) close() error {
	l.readers.Wait()
	return l.file.Close()
}

// ReadLog returns a container's log, which a runtime has written as the CRI wants it, without the CRI's prefix.
func ReadLog(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading a container's log: %w", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(f)
	if err != nil {
		return "", fmt.Errorf("reading a container's log: %w", err)
	}
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		if parts := bytes.SplitN(line, []byte(" "), 4); len(parts) == 4 {
			if string(parts[2]) == "P" {
				parts[3] = bytes.TrimSuffix(parts[3], []byte("\n"))
			}
			out.Write(parts[3])
		}
	}
	return out.String(), nil
}
