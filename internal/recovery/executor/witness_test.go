package executor

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// flags is a forced manifest with more flags.
func flags(more ...string) string {
	return strings.ReplaceAll(forcedPod, "--force-new-cluster", strings.Join(append(more, "--force-new-cluster"), ", "))
}

// TestMute has settings with which etcd's log does not tell how it was started.
func TestMute(t *testing.T) {
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{nil, ""},
		{[]string{"--log-level=info"}, ""},
		{[]string{"--log-level=debug", "--log-format=json", "--logger=zap"}, ""},
		{[]string{"--log-outputs=default"}, ""},
		{[]string{`"--log-outputs=/var/log/etcd.log,stderr"`}, ""},
		{[]string{"--log-output=stdout"}, ""},
		{[]string{"--log-level=warn"}, "--log-level=warn"},
		{[]string{"--log-level=error"}, "--log-level=error"},
		{[]string{"--log-format=console"}, "--log-format=console"},
		{[]string{"--log-outputs=/var/log/etcd.log"}, "--log-outputs=/var/log/etcd.log"},
		{[]string{"--log-outputs=systemd/journal"}, "--log-outputs=systemd/journal"},
		{[]string{"--log-package-levels=etcdserver=ERROR"}, "--log-package-levels=etcdserver=ERROR"},
	} {
		pod, err := manifest.Parse([]byte(flags(c.flags...)))
		if err != nil {
			t.Fatal(err)
		}
		if got := mute(pod); got != c.want {
			t.Errorf("%q: %q, want %q", c.flags, got, c.want)
		}
	}
}

// TestWitnesses has the log of a forced start that says what it should, something else, or nothing.
func TestWitnesses(t *testing.T) {
	const took = `{"msg":"starting an etcd server","force-new-cluster":true}` + "\n"
	dropped := took + `{"msg":"discarding uncommitted WAL entries","number-of-discarded-entries":2}`
	const not = `{"msg":"starting an etcd server","force-new-cluster":false}`
	args := []string{"etcd", "--force-new-cluster"}
	two, none := int64(2), int64(0)
	for name, c := range map[string]struct {
		text, log string
		args      []string
		discarded *int64
		unheard   string
		code      recovery.Code
	}{
		"it says so":                       {text: flags(), log: took, args: args, discarded: &none},
		"it says so, and what was dropped": {text: flags(), log: dropped, args: args, discarded: &two},
		"it says so to a runtime without":  {text: flags(), log: dropped, discarded: &two},
		"it says no":                       {text: flags(), log: not, args: args, code: recovery.CodeForceNotTaken},
		"it says nothing and should":       {text: flags(), args: args, code: recovery.CodeForceNotTaken},

		"mute, arguments say it": {text: flags("--log-level=warn"), args: args, unheard: "(--log-level=warn)"},
		"mute, and says it":      {text: flags("--log-level=warn"), log: dropped, args: args, discarded: &two},

		"mute, no arguments": {
			text:    flags("--log-format=console"),
			unheard: "nor does the container runtime",
		},
		"a file, arguments say it": {text: flags("--log-outputs=/var/log/x"), args: args, unheard: "/var/log/x)"},
		"mute, and says more":      {text: flags("--log-level=warn"), log: "x", args: args, unheard: "does not tell"},
	} {
		t.Run(name, func(t *testing.T) {
			s, runners := oddSeed()
			s.plan.Forced = c.text
			runners[s.seed.Name].answer = func(string) (string, error, bool) { return c.log, nil, true }
			err := s.readForcedLog(t.Context(), &node.Started{ID: "c0ffee", Args: c.args})
			if recovery.CodeOf(err) != c.code || err != nil && c.code == "" {
				t.Errorf("got %v", err)
			}
			got := s.book.Discarded
			if (got == nil) != (c.discarded == nil) || got != nil && *got != *c.discarded {
				t.Errorf("dropped %v, want %v", got, c.discarded)
			}
			if !strings.Contains(s.book.Unheard, c.unheard) || (s.book.Unheard == "") != (c.unheard == "") {
				t.Errorf("the journal says %q", s.book.Unheard)
			}
		})
	}
}
