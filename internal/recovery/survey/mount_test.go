package survey_test

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// TestDataBesideAMount has data where a mount is missing: of a member that does not serve it may not be the data, and
// one that serves is not stopped for it, but would go back in time with the next mount.
func TestDataBesideAMount(t *testing.T) {
	const missing = "/var/lib/etcd has something in it, and /etc/fstab mounts /dev/vdb there, which is not mounted now"
	for _, c := range []struct {
		name              string
		quorum            bool
		missing           string
		problems, warning string
	}{
		{name: "nothing is missing"},
		{name: "nothing is missing, and it serves", quorum: true},
		{name: "it does not serve", missing: missing, problems: "on m2, " + missing + ": it may not be"},
		{name: "it serves", quorum: true, missing: missing, warning: "on m2, " + missing + ": its etcd serves from"},
	} {
		e := recovery.Evidence{Name: "m2", Quorum: c.quorum}
		survey.TellOfMount(&e, c.missing)
		problems, warnings := strings.Join(e.Problems, "\n"), strings.Join(e.Warnings, "\n")
		if !strings.HasPrefix(problems, c.problems) || (problems == "") != (c.problems == "") {
			t.Errorf("%s: problems %q, want %q", c.name, problems, c.problems)
		}
		if !strings.HasPrefix(warnings, c.warning) || (warnings == "") != (c.warning == "") {
			t.Errorf("%s: warnings %q, want %q", c.name, warnings, c.warning)
		}
	}
}
