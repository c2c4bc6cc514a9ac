//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

// width is what a terminal is expected to have.
const width = 100

func (d *demo) plan(ctx context.Context) error {
	d.next("terraform plan on a copy of examples/recover-three-masters: it looks, and touches nothing.")
	var err error
	if d.work, err = d.tools.Example(filepath.Join(d.dir, "configuration"), d.lab); err != nil {
		return err
	}
	r, err := d.call(ctx, "plan.txt", nil, "plan", "-no-color", "-out=recovery.tfplan")
	if err != nil {
		return err
	}
	summary := regexp.MustCompile(`(?m)^Plan: .*$`).FindString(r.Text)
	if summary == "" {
		return fmt.Errorf("the plan has no summary:\n%s", r.Text)
	}
	say(
		"   It took %.1f s; %d lines show the evidence and every manifest in full. In short:",
		r.Took.Seconds(),
		strings.Count(r.Text, "\n"),
	)
	say("   %s", summary)
	d.showSteps(r.Text)
	return nil
}

func (d *demo) recover(ctx context.Context) error {
	d.next("terraform apply of that saved plan: it does exactly this, or stops first.")
	progress := regexp.MustCompile(`^etcdrecovery_.*: (Creating|Creation complete|Still creating)`)
	r, err := d.call(ctx, "apply.txt", func(line string) {
		if progress.MatchString(line) {
			say("   %s", line)
		}
	}, "apply", "-no-color", "recovery.tfplan")
	d.apply = r
	if err != nil {
		return err
	}
	say("   It took %.1f s.", r.Took.Seconds())
	return nil
}

func (d *demo) planAgain(ctx context.Context) error {
	d.next("terraform plan again: nothing may be left to do.")
	r, err := d.call(ctx, "second-plan.txt", nil, "plan", "-no-color", "-detailed-exitcode")
	if err != nil {
		return err
	}
	for line := range strings.Lines(r.Text) {
		if strings.HasPrefix(line, "No changes.") {
			say("   %s", strings.TrimSpace(line))
		}
	}
	return nil
}

// call runs the CLI and keeps what it says in a file. An exit code other than 0 is an error that shows all of it.
func (d *demo) call(ctx context.Context, file string, each func(string), args ...string) (terraform.Result, error) {
	r, err := d.work.Run(ctx, each, args...)
	if err != nil {
		return r, err
	}
	path := filepath.Join(d.dir, file)
	if err := os.WriteFile(path, []byte(r.Text), 0o600); err != nil {
		return r, fmt.Errorf("keeping the output of %s: %w", args[0], err)
	}
	if r.ExitCode != 0 {
		return r, fmt.Errorf(
			"%s %s ended with exit code %d:\n%s",
			d.tools.CLI.Version,
			strings.Join(args, " "),
			r.ExitCode,
			r.Text,
		)
	}
	if d.keep {
		say("   Its whole output is in %s", path)
	}
	return r, nil
}

// showSteps shows the steps of each resource as they stand in the plan, the seed first: it is what happens first.
func (d *demo) showSteps(plan string) {
	resource := regexp.MustCompile(`^  # (\S+) will be`)
	var seed, members []string
	block, inSteps := &members, false
	for line := range strings.Lines(plan) {
		line = strings.TrimRight(line, "\n")
		bare := strings.TrimSpace(line)
		switch {
		case resource.MatchString(line):
			name := resource.FindStringSubmatch(line)[1]
			if block = &members; strings.HasPrefix(name, "etcdrecovery_seed.") {
				block = &seed
			}
			*block = append(*block, name)
		case strings.HasPrefix(bare, "+ steps") && strings.HasSuffix(bare, "["):
			inSteps = true
		case inSteps && strings.HasSuffix(bare, "]"):
			inSteps = false
		case inSteps:
			*block = append(*block, "  "+d.onNode(strings.Trim(strings.TrimPrefix(bare, "+ "), `",`)))
		}
	}
	for _, line := range append(seed, members...) {
		say("   %s", cut(line, width-3))
	}
}

// onNode writes paths as a real node has them: a node of the lab is a folder.
func (d *demo) onNode(text string) string {
	for _, m := range d.lab.Nodes() {
		text = strings.ReplaceAll(text, strings.TrimSuffix(m.Path("/"), "/")+"/", "/")
	}
	return text
}

func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}
