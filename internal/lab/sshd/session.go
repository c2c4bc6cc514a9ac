//go:build linux

package sshd

import (
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"golang.org/x/crypto/ssh"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
)

// session serves one session channel: a command, or a shell that reads its commands from the channel. There is no
// terminal.
func (s *Server) session(request ssh.NewChannel) {
	channel, requests, err := request.Accept()
	if err != nil {
		return
	}
	var process *sessionProcess
	for r := range requests { // until either side closes the channel
		switch r.Type {
		case "exec", "shell":
			var payload struct{ Command string }
			if process != nil || (r.Type == "exec" && ssh.Unmarshal(r.Payload, &payload) != nil) {
				answer(r, false)
				continue
			}
			s.record(payload.Command)
			process, err = s.startProcess(payload.Command)
			if err != nil {
				s.Note("ssh: starting a shell: %v", err)
			}
			answer(r, err == nil) // before the exit status, which must not overtake it
			if err == nil {
				s.serving.Go(func() { process.serve(channel) })
			}
		case "signal":
			var payload struct{ Name string }
			ok := process != nil && ssh.Unmarshal(r.Payload, &payload) == nil && process.signal(payload.Name)
			answer(r, ok)
		default: // env, pty-req, subsystem and the like
			answer(r, false)
		}
	}
	if process != nil {
		process.hangUp()
		<-process.done // the session counts for as long as its process lives
	}
	_ = channel.Close()
}

func answer(r *ssh.Request, ok bool) {
	if r.WantReply {
		_ = r.Reply(ok, nil) // fails when the client is gone
	}
}

// A sessionProcess is what a session runs.
type sessionProcess struct {
	cmd            *exec.Cmd
	stdin          *os.File
	stdout, stderr *os.File
	done           chan struct{} // closed once it has ended

	mu     sync.Mutex
	reaped bool
}

func (s *Server) startProcess(line string) (*sessionProcess, error) {
	p := &sessionProcess{cmd: s.Command(line), done: make(chan struct{})}
	var child []*os.File
	defer func() {
		for _, f := range child {
			_ = f.Close()
		}
	}()
	var err error
	connect := func(output bool) (ours, theirs *os.File) {
		r, w, pipeErr := os.Pipe()
		if pipeErr != nil {
			err = pipeErr
			return nil, nil
		}
		if output {
			ours, theirs = r, w
		} else {
			ours, theirs = w, r
		}
		child = append(child, theirs)
		return ours, theirs
	}
	var in, out, errs *os.File
	p.stdin, in = connect(false)
	p.stdout, out = connect(true)
	p.stderr, errs = connect(true)
	if err == nil {
		p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, out, errs
		err = s.Spawn.Start(p.cmd)
	}
	if err != nil {
		p.hangUp()
		return nil, err
	}
	return p, nil
}

// serve connects the process with the channel until it has ended and its output has been read.
func (p *sessionProcess) serve(channel ssh.Channel) {
	var copying sync.WaitGroup
	go func() {
		_, _ = io.Copy(p.stdin, channel) // ends when the client closes its side, or the process does not read any more
		_ = p.stdin.Close()
	}()
	copying.Go(func() { p.output(channel, p.stdout) })
	copying.Go(func() { p.output(channel.Stderr(), p.stderr) })

	state := p.wait()
	close(p.done)
	sendExit(channel, state)
	// As with sshd, a child left in the background that holds on to the output keeps the session open.
	copying.Wait()
	_ = channel.CloseWrite()
	_ = channel.Close()
}

func (p *sessionProcess) output(to io.Writer, from *os.File) {
	_, _ = io.Copy(to, from)
	_ = from.Close() // if the client is gone, further writes fail with EPIPE
}

func (p *sessionProcess) wait() syscall.WaitStatus {
	pid := p.cmd.Process.Pid
	proc.AwaitExit(pid)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reaped = true
	_ = p.cmd.Wait() // the error repeats ProcessState
	status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return status
}

func (p *sessionProcess) signal(name string) bool {
	sig, ok := signalNumbers()[name]
	p.mu.Lock()
	defer p.mu.Unlock()
	if !ok || p.reaped {
		return false
	}
	return syscall.Kill(-p.cmd.Process.Pid, sig) == nil
}

// hangUp closes our ends of the pipes.
func (p *sessionProcess) hangUp() {
	for _, f := range []*os.File{p.stdin, p.stdout, p.stderr} {
		_ = f.Close() // a nil file only says that it is invalid
	}
}

func sendExit(channel ssh.Channel, status syscall.WaitStatus) {
	if !status.Signaled() {
		_, _ = channel.SendRequest(
			"exit-status",
			false,
			ssh.Marshal(struct{ Status uint32 }{uint32(status.ExitStatus())}),
		)
		return
	}
	name := "KILL"
	for n, sig := range signalNumbers() {
		if sig == status.Signal() {
			name = n
		}
	}
	_, _ = channel.SendRequest("exit-signal", false, ssh.Marshal(struct {
		Signal     string
		CoreDumped bool
		Message    string
		Language   string
	}{name, status.CoreDump(), "", ""}))
}

// signalNumbers are the signals under the names that the SSH protocol gives them (RFC 4254, section 6.10).
func signalNumbers() map[string]syscall.Signal {
	return map[string]syscall.Signal{
		"ABRT": syscall.SIGABRT,
		"ALRM": syscall.SIGALRM,
		"FPE":  syscall.SIGFPE,
		"HUP":  syscall.SIGHUP,
		"ILL":  syscall.SIGILL,
		"INT":  syscall.SIGINT,
		"KILL": syscall.SIGKILL,
		"PIPE": syscall.SIGPIPE,
		"QUIT": syscall.SIGQUIT,
		"SEGV": syscall.SIGSEGV,
		"TERM": syscall.SIGTERM,
		"USR1": syscall.SIGUSR1,
		"USR2": syscall.SIGUSR2,
	}
}
