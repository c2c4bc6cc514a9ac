//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/tcp"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

const (
	nodes   = 3
	keys    = 1000
	sshPort = 2222
)

// address is where the person's side of the drill finds a node's sshd.
func address(i int) string { return fmt.Sprintf("127.77.0.%d", 11+i) }

func (d *drill) options() lab.Options {
	return lab.Options{Grade: lab.Debian, Nodes: nodes, Etcd: d.etcd, Docker: d.docker}
}

// prepare opens the ports that a person uses: in the host namespace nobody would see them.
func (d *drill) prepare(ctx context.Context) ([]*os.File, error) {
	if err := lab.PrepareDebian(ctx, d.options(), os.Stdout); err != nil {
		return nil, err
	}
	if _, err := terraform.Prepare(ctx, d.dir, func(text string) { fmt.Println(text) }); err != nil {
		return nil, err
	}
	var ports []*os.File
	for i := range nodes {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp4", net.JoinHostPort(address(i), strconv.Itoa(sshPort)))
		if err != nil {
			return nil, fmt.Errorf("opening a port for a node: %w", err)
		}
		socket, ok := l.(*net.TCPListener)
		if !ok {
			return nil, errors.New("listener is not a *net.TCPListener")
		}
		f, err := socket.File()
		if err != nil {
			return nil, fmt.Errorf("opening a port for a node: %w", err)
		}
		ports = append(ports, f)
	}
	return ports, nil
}

// keep runs in the host namespace until SIGTERM.
func (d *drill) keep(ports []*os.File) int {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	if err := d.serve(ctx, ports); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func (d *drill) serve(ctx context.Context, ports []*os.File) (err error) {
	o := d.options()
	o.Dir, o.Log = filepath.Join(d.dir, "nodes"), os.Stdout
	l, err := lab.Start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if err := l.Fill(ctx, keys, 100); err != nil {
		return err
	}
	for i, m := range l.Nodes() {
		port, err := net.FileListener(ports[i])
		if err != nil {
			return fmt.Errorf("taking over a port: %w", err)
		}
		go forward(ctx, port, lab.SSHAddress(m))
	}
	if err := d.hand(ctx, l); err != nil {
		return err
	}
	return control(ctx, d.dir, l)
}

// forward passes connections on. One to a node that is off or cut off ends at once.
func forward(ctx context.Context, port net.Listener, to string) {
	for {
		from, err := port.Accept()
		if err != nil {
			return
		}
		go func() {
			var dialer net.Dialer
			c, err := dialer.DialContext(ctx, "tcp", to)
			if err != nil {
				_ = from.Close()
				return
			}
			tcp.Pipe(from, c)
		}()
	}
}

// control obeys `drill break`.
func control(ctx context.Context, dir string, l *lab.Lab) error {
	var lc net.ListenConfig
	socket, err := lc.Listen(ctx, "unix", filepath.Join(dir, controlFile))
	if err != nil {
		return fmt.Errorf("listening for commands: %w", err)
	}
	go func() {
		<-ctx.Done()
		_ = socket.Close()
	}()
	for {
		c, err := socket.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("listening for commands: %w", err)
		}
		line, _ := bufio.NewReader(c).ReadString('\n')
		answer := "ok"
		if err := lose(l, strings.Fields(line)); err != nil {
			answer = err.Error()
		}
		_, _ = fmt.Fprintln(c, answer)
		_ = c.Close()
	}
}

// lose takes power and etcd's data away from nodes, and brings them back.
func lose(l *lab.Lab, names []string) error {
	var lost []lab.Node
	for _, name := range names {
		m := l.Node(name)
		if m == nil {
			return fmt.Errorf("there is no node %q", name)
		}
		lost = append(lost, m)
	}
	return l.Lose(lost...)
}

// breakNodes asks the keeper for a disaster.
func breakNodes(ctx context.Context, dir string, names []string) error {
	if len(names) == 0 {
		names = []string{"m2", "m3"}
	}
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "unix", filepath.Join(dir, controlFile))
	if err != nil {
		return fmt.Errorf("there are no nodes to break; start them with make lab: %w", err)
	}
	defer func() { _ = c.Close() }()
	if _, err := fmt.Fprintln(c, strings.Join(names, " ")); err != nil {
		return fmt.Errorf("asking the keeper: %w", err)
	}
	answer, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return fmt.Errorf("asking the keeper: %w", err)
	}
	if answer = strings.TrimSpace(answer); answer != "ok" {
		return errors.New(answer)
	}
	fmt.Printf("%s lost power and all of etcd's data, and are back with empty disks.\n", strings.Join(names, " and "))
	return nil
}
