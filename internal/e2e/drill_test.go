//go:build linux && e2e

package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

// TestDrill does what `make lab`, `make lab-break` and `make lab-clean` do, then kills the keeper, which must take
// everything along.
func TestDrill(t *testing.T) {
	t.Parallel() // its masters are those of another process
	dir := filepath.Join(t.TempDir(), "drill")
	program := filepath.Join(t.TempDir(), "drill-program")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../lab/cmd/drill").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	drill := func(args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), startup)
		defer cancel()
		out, err := exec.CommandContext(ctx, program, append([]string{"-dir", dir}, args...)...).CombinedOutput()
		if err != nil {
			log, _ := os.ReadFile(filepath.Join(dir, "lab.log"))
			t.Fatalf("drill %v: %v\n%s\n%s", args, err, out, log)
		}
		return string(out)
	}
	t.Cleanup(func() { drill("clean") })
	cli, err := terraform.Find(t.Context(), func(text string) { t.Log(text) })
	must(t, err)
	tf := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), cli.Path, append(args, "-no-color")...)
		cmd.Dir = filepath.Join(dir, "recovery")
		cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "terraform.rc"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", cli.Version, args, err, out)
		}
		return string(out)
	}

	said := drill("start")
	wants(t, said, "ssh -i "+dir, "make lab-break", "terraform apply")
	wants(t, drill("start"), "run already")
	for line := range strings.Lines(said) { // the lines that it prints for a person
		if command := strings.TrimSpace(line); strings.HasPrefix(command, "ssh ") {
			words := append(strings.Fields(command), "-o", "BatchMode=yes", "hostname")
			if out, err := exec.CommandContext(t.Context(), words[0], words[1:]...).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
		}
	}
	wants(t, drill("break"), "m2 and m3")
	wants(t, tf("apply", "-auto-approve"), "Apply complete! Resources: 3 added")
	wants(t, tf("plan"), "No changes")

	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	must(t, err)
	keeper, err := strconv.Atoi(string(text))
	must(t, err)
	must(t, syscall.Kill(keeper, syscall.SIGKILL))
	until(t, "the end of the nodes with their keeper", time.Minute, func() bool {
		c, err := dial(t, "127.77.0.11:2222")
		if err == nil {
			must(t, c.Close())
		}
		return err != nil
	})
	wants(t, drill("clean"), "gone")
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the drill's folder: %v", err)
	}
}
