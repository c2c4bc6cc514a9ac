package ssh_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	etcdssh "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// shells are those that are here; scripts on masters are read by one of them.
func shells(t testing.TB) [][]string {
	var all [][]string
	for _, shell := range [][]string{{"/bin/sh"}, {"dash"}, {"bash", "--posix"}, {"busybox", "ash"}} {
		if _, err := exec.LookPath(shell[0]); err == nil {
			all = append(all, shell)
		} else if os.Getenv("CI") != "" {
			t.Errorf("%s is not here", shell[0])
		}
	}
	return all
}

// nasty are texts that some shell has read otherwise than it should.
var nasty = []string{
	"",
	" ",
	"a b",
	"'",
	"''",
	"'\\''",
	`"`,
	`\`,
	`\\`,
	`$(touch pwned)`,
	"`touch pwned`",
	"${x}",
	"$'\\x41'",
	"!x",
	"!!",
	"#",
	"-n",
	"--",
	"-",
	"~",
	"~root",
	"*",
	"?",
	"[a-z]",
	"{a,b}",
	"a;b",
	"a&b",
	"a|b",
	"<x",
	">x",
	"\n",
	"a\nb",
	"\n\n",
	"\t",
	"\r",
	"\r\n",
	"a\\\nb",
	"EOF",
	"END",
	"\x01",
	"\x1b[2J",
	"\x7f",
	"\x80",
	"\xff\xfe",
	"ä",
	"\u2028",
	"\u202e",
	"\xc3'\xa9",
	"\xe2\x80'",
	"%s%n",
	"a=b",
	"=x",
	"\u00a0",
	"m1'; touch pwned; '",
	"$(touch pwned)\n'$(touch pwned)",
	"etcd --name=\"a b\" # c",
}

// echoes has a shell print these texts as it reads them, each followed by a NUL.
func echoes(t testing.TB, shell, texts []string) []byte {
	t.Helper()
	var script strings.Builder
	script.WriteString("set -u\nfor x in")
	for _, text := range texts {
		script.WriteString(" " + etcdssh.Quote(text))
	}
	script.WriteString("; do printf '%s\\000' \"$x\"; done\n")
	cmd := exec.CommandContext(
		t.Context(),
		shell[0],
		append(shell[1:], "-s")...) //nolint:gosec // a shell of this machine
	cmd.Dir, cmd.Stdin = t.TempDir(), strings.NewReader(script.String())
	cmd.Env = []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %v: %s", shell, err, out)
	}
	if left, _ := os.ReadDir(cmd.Dir); len(left) > 0 {
		t.Errorf("%v carried something out: %v", shell, left)
	}
	return out
}

func wantEchoes(t testing.TB, texts []string) {
	t.Helper()
	want := []byte(strings.Join(texts, "\x00") + "\x00")
	for _, shell := range shells(t) {
		if got := echoes(t, shell, texts); !bytes.Equal(got, want) {
			have := strings.Split(string(got), "\x00")
			for i, text := range texts {
				if i >= len(have) || have[i] != text {
					t.Errorf("%v reads %q otherwise", shell, text)
					break
				}
			}
		}
	}
}

// TestQuote has every text come out of a shell as it went in: the nasty ones, and 5000 that are put together at random
// from pieces of them.
func TestQuote(t *testing.T) {
	wantEchoes(t, nasty)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test wants the same each time
	var texts []string
	for range 5000 {
		var b strings.Builder
		for range random.IntN(8) {
			if random.IntN(3) == 0 {
				b.WriteByte(byte(1 + random.IntN(255)))
			} else {
				b.WriteString(nasty[random.IntN(len(nasty))])
			}
		}
		texts = append(texts, b.String())
	}
	wantEchoes(t, texts)
}

// FuzzQuote looks for more.
func FuzzQuote(f *testing.F) {
	for _, text := range nasty {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// No argument and no path can hold a NUL, and what is written to files goes as base64.
		wantEchoes(t, []string{strings.ReplaceAll(text, "\x00", "")})
	})
}
