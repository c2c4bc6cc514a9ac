//go:build linux

package node_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// fake is a program of a runtime: what its script says.
type fake struct{ client, text string }

func crictl(text string) fake { return fake{"crictl", text} }
func ctr(text string) fake    { return fake{"ctr", text} }
func docker(text string) fake { return fake{"docker", text} }

// crictlShows is a crictl with these containers and sandboxes, as JSON.
func crictlShows(containers, sandboxes string) fake {
	return crictl("case $* in *pods*) echo '{\"items\":[" + sandboxes + "]}';; " +
		"*) echo '{\"containers\":[" + containers + "]}';; esac")
}

// sandboxOf is one in the JSON of crictl, and dockerShows a docker with a container or sandbox, each of that pod.
func sandboxOf(pod string) string {
	return `{"id":"0123456789abcdef","labels":{"io.kubernetes.pod.name":"` + pod + `"}}`
}
func dockerShows(pod string) fake { return docker(`echo "0123456789abcdef ` + pod + `"`) }

// ctrShows is a ctr whose only task is in a state. It is listed for what matches the pattern.
func ctrShows(pattern, state string) fake {
	return ctr(`case $* in *kill*) ;; *tasks*) echo "0123456789abcdef 12 ` + state + `";; ` +
		pattern + `) echo 0123456789abcdef;; esac`)
}

// stoppable is a crictl with a sandbox that is there until it is stopped.
func stoppable() fake {
	return crictl(`case $* in *stopp*) touch "$0.gone"; exit;; esac
sandbox='{"id":"0123456789abcdef"}'; [ ! -e "$0.gone" ] || sandbox=
case $* in *pods*) echo "{\"items\":[$sandbox]}";; *) echo '{"containers":[]}';; esac`)
}

// laterAnswering is a crictl that fails four times.
func laterAnswering() fake {
	return crictl(`n=$(cat "$0.n" 2>/dev/null || echo 0); echo $((n + 1)) >"$0.n"; [ "$n" -gt 3 ] || exit 1
echo '{"containers":[],"items":[]}'`)
}

// TestAwaitStopped asks a runtime that is out of order: no answer is never taken for "nothing runs".
func TestAwaitStopped(t *testing.T) {
	const stopped, left, leftAsItIs = "stopped", "left", "left, with a kubelet that is left as it is"
	const shop = `{"id": "0123456789abcdef","labels":{"io.kubernetes.pod.name":"shop-0"}}`
	for _, c := range []struct {
		name string
		fake fake
		want string
	}{
		{"nothing runs", crictl(`echo '{"containers":[],"items":[]}'`), stopped},
		{"warns and answers",
			crictl(`echo 'level=warning msg="no config"' >&2; echo '{"containers":[],"items":[]}'`), stopped},
		{"does not answer", crictl(`exit 1`), left},
		{"the sandbox is left", crictlShows("", `{"id":"0123456789abcdef"}`), left},
		{"another pod's container of that name", crictlShows(shop, ""), stopped},
		{"answers again", laterAnswering(), stopped},
		{"the sandbox is left, until it is stopped", stoppable(), stopped},
		{"the same, and the kubelet may bring it back", stoppable(), leftAsItIs},
		{"ctr: nothing runs", ctr(`case $* in *tasks*) echo "TASK PID STATUS";; esac`), stopped},
		{"ctr: does not answer", ctr(`exit 1`), left},
		{"ctr: lists and then does not answer",
			ctr(`case $* in *tasks*) exit 1;; *) echo 0123456789abcdef;; esac`), left},
		{"ctr: has stopped", ctrShows("*", "STOPPED"), stopped},
		{"ctr: in no state that is known", ctrShows("*==container*", "UNKNOWN"), left},
		{"docker: nothing runs", docker(``), stopped},
		{"docker: does not answer", docker(`exit 1`), left},
		{"docker: the sandbox is left",
			docker(`case $* in *podsandbox*) echo "0123456789abcdef etcd-m1";; esac`), left},
		{"docker: another pod's", dockerShows("shop-0"), stopped},
		{"a pod known to be another", crictlShows("", sandboxOf("etcd-backup-m1")), stopped},
		{"a container of a pod known to be another", crictlShows(sandboxOf("etcd-backup-m1"), ""), stopped},
		{"a container of the pod", crictlShows(sandboxOf("etcd-m1"), ""), left},
		{"a pod with a longer name than that", crictlShows("", sandboxOf("etcd-backup-m10")), left},
		{"ctr: a pod known to be another",
			ctrShows(`*',labels."io.kubernetes.pod.name"!="etcd-backup-m1"'*) ;; *`, "RUNNING"), stopped},
		{"docker: a pod known to be another", dockerShows("etcd-backup-m1"), stopped},
		{"docker: a pod with a longer name than that", dockerShows("etcd-backup-m10"), left},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var waiting sync.WaitGroup
			defer waiting.Wait()
			for _, s := range shells(t) {
				bin := replay(t, t.TempDir(), "", map[string]string{c.fake.client: "#!/bin/sh\n" + c.fake.text + "\n"})
				n := node.New(node.Settings{Name: "m1"}, local{shell: s, path: bin})
				workload := etcd
				workload.Others, workload.KeepKubelet = []string{"etcd-backup-m1"}, c.want == leftAsItIs
				rt := node.Runtime{Client: c.fake.client, Endpoint: "unix:///x"}
				waiting.Go(func() {
					// What is left is waited for. A machine that is busy may take its time for what has stopped.
					within := 2 * time.Second
					if c.want == stopped {
						within = 2 * time.Minute
					}
					ctx, cancel := context.WithTimeout(t.Context(), within)
					defer cancel()
					if err := n.AwaitStopped(ctx, rt, workload, time.Second); (err == nil) != (c.want == stopped) {
						t.Errorf("%s: got %v", s.name, err)
					}
				})
			}
		})
	}
}
