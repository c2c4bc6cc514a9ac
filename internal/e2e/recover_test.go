//go:build linux && e2e

package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// TestRecover loses two masters of three and recovers them with the configuration that the bench lab uses.
func TestRecover(t *testing.T) {
	for name, o := range map[string]lab.Options{
		"etcd 3.7":           {Etcd: "3.7"},
		"etcd 3.6":           {Etcd: "3.6"},
		"etcd 3.5":           {Etcd: "3.5"},
		"etcd 3.4":           {Etcd: "3.4"},
		"docker":             {Docker: true, Etcd: "3.5"},
		"data on a mount":    {DataMount: true},
		"WAL elsewhere":      {WALDir: true},
		"IPv6":               {IPv6: true},
		"other host path":    {HostPath: "/srv/etcd-from-backup"},
		"name not host name": {Manifest: otherName},
		"API server is down": {APIDown: true},
	} {
		t.Run(name, func(t *testing.T) {
			l, count := start(t, o)
			lose(t, l.Masters()[1:]...)
			apply(t, workspace(t, l))
			recovered(t, l, count)
		})
	}
}

// otherName gives the members names that are not their hosts'. The kubelet puts them in, from a variable; those that
// join have their member list in the environment.
func otherName(master string, text []byte) []byte {
	manifest := strings.NewReplacer("=m1", "=infra1", ",m2", ",infra2", ",m3", ",infra3", "name=m2", "name=infra2", "name=m3", "name=infra3").
		Replace(string(text))
	name := "infra" + master[1:]
	env := "    env:\n    - name: MEMBER\n      value: " + name + "\n"
	manifest = strings.Replace(manifest, "--name="+name+"\n", "--name=$(MEMBER)\n", 1)
	if list := regexp.MustCompile(`    - --initial-cluster=(.*)\n`); master != "m1" {
		env += "    - name: ETCD_INITIAL_CLUSTER\n      value: " + list.FindStringSubmatch(manifest)[1] + "\n"
		manifest = list.ReplaceAllLiteralString(manifest, "")
	}
	return []byte(strings.Replace(manifest, "    image:", env+"    image:", 1))
}
