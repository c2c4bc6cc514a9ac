package executor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// stopPatience is how long a kubelet may take to stop a pod whose manifest went before it is helped. It takes 1 to 3 s;
// helping one that is just slow does no harm.
const stopPatience = 6 * time.Second

// startPatience allows for the kubelet's crash-loop back-off, which is capped at 5 minutes.
const startPatience = 6 * time.Minute

// portPatience is for the kernel to give back the ports of a process that is gone.
const portPatience = 10 * time.Second

// master is one that a recovery acts on.
type master struct {
	*node.Node
	ev     recovery.Evidence // as it was seen; what was done since is not in it
	parked string            // where this operation has moved the manifest to; "" where it has not
	ours   []string          // SHA-256 of each text that this operation may find in place, because it wrote it
	client *etcd.Client
}

func newMaster(n *node.Node, e recovery.Evidence) *master { return &master{Node: n, ev: e} }

// etcd gives the connection to the member on this master. It survives restarts of the member.
func (m *master) etcd(ctx context.Context) (*etcd.Client, error) {
	if m.client == nil {
		c, err := survey.OpenEtcd(ctx, m.Node, m.ev)
		if err != nil {
			return nil, err
		}
		m.client = c
	}
	return m.client, nil
}

func (m *master) close() {
	if m.client != nil {
		_ = m.client.Close()
		m.client = nil
	}
}

// stop takes etcd's manifest out of the kubelet's folder and proves that nothing of etcd is left running.
func (m *master) stop(ctx context.Context) error {
	if err := m.park(ctx); err != nil {
		return err
	}
	return m.proveStopped(ctx)
}

// park takes etcd's manifest out of the kubelet's folder, which makes a kubelet stop it in an orderly way.
func (m *master) park(ctx context.Context) error {
	ctx, cancel := atomic(ctx)
	defer cancel()
	switch {
	case m.ev.Manifest == "": // there is none anywhere
		return nil
	case m.ev.Parked != "" || m.parked != "": // the operator's own text is; in its place may be one of ours
		return m.foreign(m.Remove(ctx, m.ev.ManifestPath, m.texts()...))
	}
	parked, err := m.Park(ctx, m.ev.ManifestPath)
	if err != nil {
		return err
	}
	m.parked = parked
	return nil
}

// texts are the hashes of what may be removed from the kubelet's folder, or replaced there: what this operation wrote,
// and the operator's own text, which is parked.
func (m *master) texts() []string { return append([]string{m.ev.ManifestHash()}, m.ours...) }

// foreign makes a refusal of the error that a file in the kubelet's folder is not one of ours.
func (m *master) foreign(err error) error {
	if !errors.Is(err, node.ErrNotOurs) {
		return err
	}
	return &recovery.Refusal{
		Code:  recovery.CodeNodeChanged,
		Title: "A Master Changed Since the Plan",
		Cause: err,
		Found: fmt.Sprintf(
			"%s on %s is neither a text that this recovery wrote nor the manifest that is kept at %s. It was left as "+
				"it is.",
			m.ev.ManifestPath,
			m.Name,
			m.parkedAt(),
		),
		Next: fmt.Sprintf(
			"find out who put it there. Move it out of %s (mv), then run terraform apply again.",
			path.Dir(m.ev.ManifestPath),
		),
	}
}

// parkedAt is where the manifest is, or would be, while etcd must not run.
func (m *master) parkedAt() string {
	switch {
	case m.parked != "":
		return m.parked
	case m.ev.Parked != "":
		return m.ev.Parked
	}
	return path.Join(m.ParkedDir(), path.Base(m.ev.ManifestPath))
}

// retire puts the parked manifest, whose successor is in place and works, where no later operation takes it for one
// that has to come back.
func (m *master) retire(ctx context.Context, b *book) error {
	name := path.Base(m.ev.ManifestPath)
	place := path.Join(m.WorkDir, "kept", b.FileName(), name)
	if err := m.Keep(ctx, path.Join(m.ParkedDir(), name), place); err != nil {
		return err
	}
	b.ManifestKept = place
	return nil
}

// proveStopped makes sure that etcd is gone and does not come back.
func (m *master) proveStopped(ctx context.Context) error {
	if err := m.AwaitStopped(ctx, m.ev.Runtime, m.ev.Workload(), stopPatience); err != nil {
		return m.stillRuns(err)
	}
	return m.freePorts(ctx)
}

// proveEnded makes sure that etcd is gone. Until proveGone says so of its pod it might come back.
func (m *master) proveEnded(ctx context.Context) error {
	if err := m.AwaitEnded(ctx, m.ev.Runtime, m.ev.Workload(), stopPatience); err != nil {
		return m.stillRuns(err)
	}
	return m.freePorts(ctx)
}

// proveGone makes sure that nothing is left of one pod, whatever else runs.
func (m *master) proveGone(ctx context.Context, pod string) error {
	w := m.ev.Workload()
	w.Pod = pod
	return m.stillRuns(m.AwaitStopped(ctx, m.ev.Runtime, w, stopPatience))
}

func (m *master) stillRuns(err error) error {
	if !errors.Is(err, node.ErrStillRunning) {
		return err
	}
	return &recovery.Refusal{
		Code:  recovery.CodeEtcdNotStopped,
		Title: "Etcd Does Not Stop",
		Found: err.Error() + "." + m.ev.Kubelet.Kept(m.Name),
		Cause: err,
		Next: fmt.Sprintf(
			"look at the kubelet and the container runtime on %s, stop that pod by hand (%s), then run terraform "+
				"apply again.",
			m.Name,
			m.ev.Runtime.ByHand(),
		),
	}
}

// freePorts waits until nothing listens at the member's addresses any more.
func (m *master) freePorts(ctx context.Context) error {
	deadline := time.Now().Add(portPatience)
	for {
		busy, err := m.busyPort(ctx)
		if err != nil || busy == "" {
			return err
		}
		if time.Now().After(deadline) {
			return &recovery.Refusal{
				Code:  recovery.CodePortInUse,
				Title: "Another Etcd Still Listens",
				Found: fmt.Sprintf("no etcd container runs on %s, but something listens at %s.", m.Name, busy),
				Next: fmt.Sprintf(
					"find it (ss -ltnp), stop it, see to it that it stays stopped, then run terraform apply again. "+
						"On %s.",
					m.Name,
				),
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// busyPort gives an address of this member's at which something still listens.
func (m *master) busyPort(ctx context.Context) (string, error) {
	pod, err := m.ev.Parse()
	if err != nil {
		return "", nil //nolint:nilerr // no manifest, so no addresses to look at
	}
	sockets, err := m.Sockets(ctx)
	if err != nil {
		return "", err
	}
	for _, s := range append(pod.ListenPeerURLs(), pod.ListenClientURLs()...) {
		u, err := url.Parse(s)
		if err != nil {
			continue
		}
		at, err := netip.ParseAddrPort(u.Host)
		if err != nil { // a host name: any listener at that port counts
			port, _ := strconv.ParseUint(u.Port(), 10, 16)
			at = netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port))
		}
		if node.Listens(sockets, at) {
			return u.Host, nil
		}
	}
	return "", nil
}

// start puts a manifest in, waits for the container that the kubelet makes of it, and makes sure that it is of this
// text.
func (m *master) start(ctx context.Context, text string) (*node.Started, error) {
	known, err := m.Known(ctx, m.ev.Runtime, m.ev.Workload())
	if err != nil {
		return nil, err
	}
	short, cancel := atomic(ctx)
	defer cancel()
	over := append(m.texts(), node.Hash([]byte(text)))
	if err := m.WriteFile(short, m.ev.ManifestPath, []byte(text), m.parkedAt(), over...); err != nil {
		return nil, m.foreign(err)
	}
	started, err := m.AwaitStarted(ctx, m.ev.Runtime, m.ev.Workload(), known, startPatience)
	if errors.Is(err, node.ErrNotStarted) {
		return nil, &recovery.Refusal{
			Code:  recovery.CodeEtcdNotStarted,
			Title: "Etcd Does Not Start",
			Found: err.Error() + "." + m.cameAndWent(ctx, known) + m.ev.Kubelet.Kept(m.Name),
			Cause: err,
			Next: fmt.Sprintf(
				"look at the kubelet's log on %s (journalctl -u kubelet), then run terraform apply again.",
				m.Name,
			),
		}
	}
	if err != nil {
		return nil, err
	}
	return started, m.asWritten(started, text)
}

// asWritten compares what a new container runs with to the text it should be of: a kubelet may run an older text of a
// manifest beside or instead of the new one (kubernetes#112814, kubernetes#129364). A runtime that does not tell leaves
// it to etcd's own log.
func (m *master) asWritten(c *node.Started, text string) error {
	pod, err := manifest.Parse([]byte(text))
	if err != nil || c.Args == nil || forces(c.Args) == pod.Forced() {
		return err
	}
	with, want := "with", "without"
	if pod.Forced() {
		with, want = want, with
	}
	return &recovery.Refusal{
		Code:  recovery.CodeOtherManifest,
		Title: "The Container Is Not of the New Manifest",
		Found: fmt.Sprintf(
			"%s on %s was written %s the force-new-cluster flag, and the new etcd container %.12s runs %s it: %s.",
			m.ev.ManifestPath,
			m.Name,
			want,
			c.ID,
			with,
			strings.Join(c.Args, " "),
		),
		Next: fmt.Sprintf(
			"look for another file with an etcd pod in %s on %s, and restart the kubelet there (systemctl restart "+
				"kubelet); then run terraform apply again.",
			path.Dir(m.ev.ManifestPath),
			m.Name,
		),
	}
}

// forces tells whether a command line has the flag in effect. Of a flag that is given twice the last one counts.
func forces(args []string) bool {
	on := false
	for _, a := range args {
		if name, value, given := strings.Cut(strings.TrimLeft(a, "-"), "="); strings.HasPrefix(a, "-") &&
			name == "force-new-cluster" {
			set, err := strconv.ParseBool(value)
			on = !given || err == nil && set
		}
	}
	return on
}

// cameAndWent are the last words of a container that was there too briefly to be seen running.
func (m *master) cameAndWent(ctx context.Context, known []string) string {
	all, err := m.Containers(ctx, m.ev.Runtime, m.ev.Workload())
	if err != nil || len(all) == 0 || slices.Contains(known, all[0].ID) {
		return ""
	}
	return fmt.Sprintf(" Container %.12s has come and gone.%s", all[0].ID, m.lastWords(ctx, all[0].ID))
}

// awaitServing waits until the member in a container is as it should be. It fails early with the member's own last
// words when the container has gone.
func (m *master) awaitServing(ctx context.Context, id string, good func(context.Context, *etcd.Client) error) error {
	client, err := m.etcd(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for last := time.Now(); ; {
		err := func() error {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			return good(ctx, client)
		}()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w (%w)%s", err, context.Cause(ctx), m.lastWords(ctx, id))
		}
		var final *recovery.Refusal
		if errors.As(err, &final) {
			return err
		}
		if time.Since(last) > time.Second {
			last = time.Now()
			if gone, err := m.exited(ctx, id); err != nil {
				return err
			} else if gone {
				return &recovery.Refusal{
					Code:  recovery.CodeEtcdExited,
					Title: "Etcd Stopped Again",
					Found: fmt.Sprintf(
						"the etcd container %.12s on %s has exited.%s",
						id,
						m.Name,
						m.lastWords(ctx, id),
					),
				}
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (m *master) exited(ctx context.Context, id string) (bool, error) {
	all, err := m.Containers(ctx, m.ev.Runtime, m.ev.Workload())
	if err != nil {
		return false, err
	}
	for _, c := range all {
		if c.ID == id {
			return !c.Running, nil
		}
	}
	return true, nil
}

// lastWords are the lines of a container's log that say why it went.
func (m *master) lastWords(ctx context.Context, id string) string {
	ctx, cancel := atomic(ctx)
	defer cancel()
	log, err := m.ContainerLog(ctx, m.ev.Runtime, id, 200)
	if err != nil {
		return " Its log could not be read: " + err.Error()
	}
	fatal := survey.FatalLines(log)
	if len(fatal) == 0 {
		return ""
	}
	return " Its log says:\n  " + strings.Join(fatal, "\n  ")
}
