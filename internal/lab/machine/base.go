//go:build linux

package machine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrNoDebian is returned when this machine has no Debian sources to install from.
var ErrNoDebian = errors.New("no Debian sources in /etc/apt")

// masked are units that make no sense without hardware, or that would reach for a network.
func masked() []string {
	return []string{
		"apt-daily.timer",
		"apt-daily-upgrade.timer",
		"console-getty.service",
		"dpkg-db-backup.timer",
		"e2scrub_all.timer",
		"e2scrub_reap.service",
		"fstrim.timer",
		"getty@.service",
		"getty-static.service",
		"systemd-binfmt.service",
		"systemd-firstboot.service",
		"systemd-logind.service",
		"systemd-modules-load.service",
		"systemd-random-seed.service",
		"systemd-remount-fs.service",
		"systemd-resolved.service",
		"systemd-sysctl.service",
		"systemd-timesyncd.service",
		"systemd-udev-trigger.service",
		"systemd-udevd.service",
		"systemd-update-utmp.service",
		"systemd-udevd-control.socket",
		"systemd-udevd-kernel.socket",
		"sys-kernel-debug.mount",
		"sys-kernel-tracing.mount",
		"sys-kernel-config.mount",
		"systemd-journald-audit.socket",
		"systemd-pcrphase.service",
		"systemd-pcrphase-sysinit.service",
		"wtmpdb-update-boot.service",
	}
}

// Base is a folder with a Debian system of this machine's own release and sources, with these packages. It is made on
// first use, which takes a minute, and kept in cache. No service is enabled in it.
func Base(ctx context.Context, cache string, packages []string, log io.Writer) (string, error) {
	release, err := os.ReadFile("/etc/debian_version")
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoDebian, err)
	}
	sum := sha256.Sum256([]byte(strings.Join(append(masked(), packages...), " ")))
	dir := filepath.Join(cache, "debian-"+strings.TrimSpace(string(release))+"-"+hex.EncodeToString(sum[:4]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	sources, err := filepath.Glob("/etc/apt/sources.list.d/*.sources")
	if err != nil || len(sources) == 0 {
		sources = []string{"/etc/apt/sources.list"}
	}
	if _, err := os.Stat(sources[0]); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoDebian, err)
	}
	tmp := fmt.Sprintf("%s.%d.tmp", dir, os.Getpid())
	defer func() { _ = os.RemoveAll(tmp) }()
	args := append(
		[]string{"--variant=minbase", "--format=directory", "--include=" + strings.Join(packages, ","), "", tmp},
		sources...)
	_, _ = fmt.Fprintf(log, "installing a Debian system with %s\n", strings.Join(packages, ", "))
	cmd := exec.CommandContext(ctx, "mmdebstrap", args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("installing a Debian system with mmdebstrap: %w\n%s", err, said.Bytes())
	}
	if err := strip(tmp); err != nil {
		return "", err
	}
	if err := os.Rename(tmp, dir); err != nil {
		return "", fmt.Errorf("keeping the Debian system: %w", err)
	}
	return dir, nil
}

// strip takes away what every machine must have of its own, and what would start by itself.
func strip(root string) error {
	keys, err := filepath.Glob(filepath.Join(root, "etc/ssh/ssh_host_*"))
	if err != nil {
		return fmt.Errorf("finding host keys: %w", err)
	}
	for _, k := range append(keys, filepath.Join(root, "etc/machine-id"), filepath.Join(root, "etc/resolv.conf")) {
		if err := os.Remove(k); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("stripping the Debian system: %w", err)
		}
	}
	units := filepath.Join(root, "etc/systemd/system")
	enabled, err := filepath.Glob(filepath.Join(units, "*.wants/*"))
	if err != nil {
		return fmt.Errorf("finding enabled services: %w", err)
	}
	for _, e := range enabled {
		if err := os.Remove(e); err != nil {
			return fmt.Errorf("disabling a service: %w", err)
		}
	}
	for _, name := range masked() {
		if err := os.Symlink("/dev/null", filepath.Join(units, name)); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("masking a service: %w", err)
		}
	}
	return nil
}
