//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

// Files of the drill's folder.
const (
	controlFile = "control" // socket
	pidFile     = "pid"     // of the keeper
	logFile     = "lab.log" // what the keeper says
	readyFile   = "ready"   // what there is to know, once there is something
	terraformRC = "terraform.rc"
)

// start starts the keeper, which lives on, and says how to reach the nodes.
func (d *drill) start(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return errors.New("nodes in namespaces need root: run this as root")
	}
	dir := d.dir
	if alive(dir) {
		fmt.Println("The nodes run already.")
		return show(dir)
	}
	if err := os.RemoveAll(dir); err != nil { // of a keeper that was killed
		return fmt.Errorf("clearing the folder of an earlier drill: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the drill's folder: %w", err)
	}
	log, err := os.Create(filepath.Join(dir, logFile))
	if err != nil {
		return fmt.Errorf("making the drill's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	args := []string{"-dir", dir, "-etcd", d.etcd}
	if d.docker {
		args = append(args, "-docker")
	}
	keeper := exec.CommandContext(context.WithoutCancel(ctx), "/proc/self/exe", append(args, "keep")...)
	keeper.Stdout, keeper.Stderr = log, log
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := keeper.Start(); err != nil {
		return fmt.Errorf("starting the keeper: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, pidFile), []byte(strconv.Itoa(keeper.Process.Pid)), 0o644); err != nil {
		return fmt.Errorf("keeping the keeper's process number: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- keeper.Wait() }()
	fmt.Println(
		"Starting three nodes. The first time everything is built and installed, which takes up to ten minutes; " +
			"then it is seconds.",
	)
	return await(ctx, dir, keeper.Process, ended)
}

// await passes on what the keeper says until the nodes are ready.
func await(ctx context.Context, dir string, keeper *os.Process, ended <-chan error) error {
	said := 0
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := os.ReadFile(filepath.Join(dir, logFile))
		if err != nil {
			return fmt.Errorf("reading the keeper's log: %w", err)
		}
		_, _ = os.Stdout.Write(text[said:])
		said = len(text)
		if _, err := os.Stat(filepath.Join(dir, readyFile)); err == nil {
			return show(dir)
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the nodes did not start: %w; %s says why", err, filepath.Join(dir, logFile))
		case <-ctx.Done():
			_ = keeper.Signal(syscall.SIGTERM)
			err := <-ended
			return errors.Join(ctx.Err(), err, os.RemoveAll(dir))
		case <-tick.C:
		}
	}
}

func show(dir string) error {
	text, err := os.Open(filepath.Join(dir, readyFile))
	if err != nil {
		return fmt.Errorf("the nodes are not ready yet: %w", err)
	}
	defer func() { _ = text.Close() }()
	_, err = io.Copy(os.Stdout, text)
	return err
}

// keeperOf is the process that keeps the nodes, 0 when there is none.
func keeperOf(dir string) int {
	text, err := os.ReadFile(filepath.Join(dir, pidFile))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	// Another process may have got the number since.
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil || !strings.HasSuffix(strings.TrimRight(string(line), "\x00"), "\x00keep") {
		return 0
	}
	return pid
}

func alive(dir string) bool { return keeperOf(dir) != 0 }

// clean ends the nodes and removes their disks, also those of a keeper that was killed.
func clean(ctx context.Context, dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		fmt.Println("There are no nodes.")
		return nil
	}
	if pid := keeperOf(dir); pid != 0 {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			return fmt.Errorf("ending the keeper: %w", err)
		}
	}
	err := wait.Until(ctx, 50*time.Millisecond, func() error {
		if alive(dir) {
			return errors.New("the keeper still runs")
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing the nodes' disks: %w", err)
	}
	fmt.Println("The nodes are gone.")
	return nil
}
