//go:build linux

package situation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

const (
	realLook = 100 * time.Millisecond // between two looks at a member
	realAsk  = 3 * time.Second        // for one answer of a member

	inPlacePath = "/etc/kubernetes/manifests/etcd.yaml"
	parkedPath  = node.DefaultWorkDir + "/parked/etcd.yaml"
	dataPath    = "/var/lib/etcd"
)

// practiceLab is a lab on which a world is carried out.
type practiceLab struct {
	*lab.Lab
	clients map[string]*clientv3.Client
	texts   map[string]string // of the manifests
	agreed  map[uint64]bool   // clusters that have agreed on their version
}

// startPracticeLab starts the cluster with which a world begins.
func startPracticeLab(ctx context.Context, p practice, w *world) (*practiceLab, error) {
	founders := len(w.machines)
	l, err := lab.Start(ctx, lab.Options{
		Nodes: founders, Spare: p.nodes - founders, Etcd: p.minor,
		Kubelet:    lab.KubeletTiming{Backoff: 10 * time.Second, BackoffMax: 10 * time.Second},
		ExtraFlags: map[string]string{"heartbeat-interval": "50", "election-timeout": "500"},
	})
	if err != nil {
		return nil, err
	}
	b := &practiceLab{
		Lab: l, clients: map[string]*clientv3.Client{}, texts: map[string]string{}, agreed: map[uint64]bool{},
	}
	for _, n := range l.Nodes() {
		text, err := os.ReadFile(n.Path(inPlacePath))
		if err != nil {
			return nil, errors.Join(err, b.close())
		}
		b.texts[n.Name()] = string(text)
		if b.clients[n.Name()], err = l.Client(context.WithoutCancel(ctx), n.Name()); err != nil {
			return nil, errors.Join(err, b.close())
		}
	}
	if err := b.settle(ctx, w); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *practiceLab) close() error {
	for _, c := range b.clients {
		_ = c.Close()
	}
	return b.Close()
}

func (b *practiceLab) nameAt(host string) string {
	for _, n := range b.Nodes() {
		if n.Host() == host {
			return n.Name()
		}
	}
	return host
}

// nodes are those that are surveyed, and what ends the connections to them.
func (b *practiceLab) nodes(w *world) (all map[string]*node.Node, done func()) {
	all = map[string]*node.Node{}
	var open []io.Closer
	for _, m := range w.machines {
		if m.key == "" {
			continue
		}
		n := b.Node(m.name)
		c := ssh.Config{
			Host: n.Host(), Port: n.Port(), User: b.SSHUser(), PrivateKeyFile: b.SSHKeyFile(), HostKey: n.HostKey(),
			Become: ssh.BecomeNone, Timeout: 20 * time.Second,
		}
		switch m.access {
		case sshdDown:
			n.CutSSH()
		case loginRefused:
			c.User = "stranger"
		}
		client := ssh.New(c, nil)
		open = append(open, client)
		all[m.key] = node.New(node.Settings{
			Name: m.key, Host: n.Host(),
			KubeletConfig: n.Inside(node.DefaultKubeletConfig), WorkDir: n.Inside(node.DefaultWorkDir),
		}, client)
	}
	return all, func() {
		for _, c := range open {
			_ = c.Close()
		}
	}
}

// happen carries an event out that does something in the world, and waits until the lab is where the world is then.
func (b *practiceLab) happen(ctx context.Context, before, w *world, e event) error {
	n := b.Node(e.on)
	old, m := before.find(e.on), w.find(e.on)
	var err error
	switch e.verb {
	case "image", "hide", "access": // the lab has the image, and the others are how it is looked at
		return nil
	case "write":
		err = b.write(ctx, e)
	case "kill", "destroy":
		b.flush(ctx, old)
		n.PowerOff()
	case "boot":
		err = b.powerOn(ctx, n)
	case "crash":
		b.flush(ctx, old)
		b.KeepDown(n)
		n.KillEtcd()
	case "damage":
		b.flush(ctx, old)
		b.KeepDown(n)
		n.KillEtcd()
		err = damageLog(n)
	case "wipe":
		b.KeepDown(n)
		err = n.WipeEtcd()
	case "park":
		err = b.away(ctx, old, true)
	case "unmanifest":
		err = b.away(ctx, old, false)
	case "kubelet":
		n.KubeletStop()
	case "cut":
		b.CutPeers(n)
	case "heal":
		err = n.Reconnect()
	case "remove":
		err = b.remove(ctx, e.with, n)
	case "grow", "learner", "replace":
		err = b.join(ctx, before, e)
	case "force", "flag":
		err = b.force(ctx, old, e.verb == "flag")
	case "refound":
		b.LetStart(n)
		err = b.writeManifest(n, memberText(n), "new")
	case "anew":
		b.LetStart(n, b.Node(e.with))
	default:
		err = fmt.Errorf("the lab does not know %q", e.verb)
	}
	if err != nil {
		return err
	}
	if m.kubeletDown {
		n.KubeletStop()
	}
	return b.settle(ctx, w)
}

// powerOn switches a node on. Its port may be taken for a moment: a child that has just been forked holds what was
// closed until it becomes another program.
func (b *practiceLab) powerOn(ctx context.Context, n lab.Power) error {
	ctx, cancel := context.WithTimeout(ctx, realPatience)
	defer cancel()
	return wait.Until(ctx, realLook, func() error {
		err := n.PowerOn()
		if !errors.Is(err, syscall.EADDRINUSE) {
			err = wait.Final(err)
		}
		return err
	})
}

func memberText(n lab.Node) string { return n.Name() + "=" + n.PeerURL() }

var initialFlag = regexp.MustCompile(`(?m)^(\s*- )--initial-cluster=.*\n(\s*- --initial-cluster-state=.*\n)?`)

// writeManifest puts a node's manifest into its place, with other members in it.
func (b *practiceLab) writeManifest(n lab.Identity, initial, state string) error {
	b.texts[n.Name()] = initialFlag.ReplaceAllString(b.texts[n.Name()],
		"$1--initial-cluster="+initial+"\n$1--initial-cluster-state="+state+"\n")
	return b.putManifest(n, false)
}

func (b *practiceLab) putManifest(n lab.Identity, forced bool) error {
	text := b.texts[n.Name()]
	if forced {
		text = strings.Replace(text, "    - etcd\n", "    - etcd\n    - --force-new-cluster\n", 1)
	}
	place := n.Path(inPlacePath)
	hidden := filepath.Join(filepath.Dir(place), ".etcd.yaml.new")
	if err := os.WriteFile(hidden, []byte(text), 0o600); err != nil {
		return err
	}
	if err := os.Remove(n.Path(parkedPath)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Rename(hidden, place)
}

// away takes a manifest out of the kubelet's folder. Etcd is killed before, so that it hands nothing over.
func (b *practiceLab) away(ctx context.Context, m *machine, keep bool) error {
	n := b.Node(m.name)
	b.flush(ctx, m)
	if m.power == on {
		n.KubeletStop()
		n.KillEtcd()
	}
	from, to := n.Path(inPlacePath), n.Path(parkedPath)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil && !os.IsNotExist(err) {
		return err
	}
	if !keep {
		if err := os.Remove(to); err != nil {
			return err
		}
	}
	if m.power == on {
		n.KubeletStart()
	}
	return nil
}

// flush lets a member write down how far its database is, as it does all the time while there are writes.
func (b *practiceLab) flush(ctx context.Context, m *machine) {
	if m == nil || !m.running {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, realPatience)
	defer cancel()
	_ = wait.Until(ctx, realLook, func() error {
		try, cancel := context.WithTimeout(ctx, realAsk)
		defer cancel()
		c := b.clients[m.name]
		if _, err := c.Status(try, b.Node(m.name).ClientURL()); err != nil {
			return wait.Final(err) // it does not serve, and has nothing to write down
		}
		_, err := pb.NewMaintenanceClient(c.ActiveConnection()).Hash(try, &pb.HashRequest{})
		return err
	})
}

func (b *practiceLab) write(ctx context.Context, e event) error {
	ctx, cancel := context.WithTimeout(ctx, realPatience)
	defer cancel()
	for i := range e.n {
		if _, err := b.clients[e.on].Put(ctx, fmt.Sprintf("key-%d", i), time.Now().String()); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	return nil
}

// change tries a change of the membership until etcd takes it: it wants to have heard of all members for some time.
func (b *practiceLab) change(ctx context.Context, on string, try func(context.Context, *clientv3.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, realPatience)
	defer cancel()
	return wait.Until(ctx, 500*time.Millisecond, func() error {
		asking, cancel := context.WithTimeout(ctx, 2*realAsk)
		defer cancel()
		return try(asking, b.clients[on])
	})
}

func (b *practiceLab) remove(ctx context.Context, with string, n lab.Node) error {
	return b.change(ctx, with, func(ctx context.Context, c *clientv3.Client) error {
		list, err := c.MemberList(ctx)
		if err != nil {
			return err
		}
		for _, m := range list.Members {
			if slices.Contains(m.PeerURLs, n.PeerURL()) {
				if _, err := c.MemberRemove(ctx, m.ID); err != nil {
					return fmt.Errorf("removing %s: %w", n.Name(), err)
				}
			}
		}
		return nil
	})
}

// join lets a node join, or join again, with nothing of its own.
func (b *practiceLab) join(ctx context.Context, before *world, e event) error {
	n := b.Node(e.on)
	if old := before.find(e.on); old != nil && old.power == on {
		if err := b.away(ctx, old, true); err != nil {
			return err
		}
	}
	if err := b.remove(ctx, e.with, n); err != nil {
		return err
	}
	if err := n.WipeEtcd(); err != nil {
		return err
	}
	var members []*pb.Member
	err := b.change(ctx, e.with, func(ctx context.Context, c *clientv3.Client) error {
		list, err := c.MemberList(ctx)
		if err != nil {
			return err
		}
		members = list.Members
		for _, m := range members {
			if slices.Contains(m.PeerURLs, n.PeerURL()) {
				return nil // the answer of an earlier try was lost
			}
		}
		add := c.MemberAdd
		if e.verb == "learner" {
			add = c.MemberAddAsLearner
		}
		answer, err := add(ctx, []string{n.PeerURL()})
		if err != nil {
			return fmt.Errorf("adding %s: %w", n.Name(), err)
		}
		members = answer.Members
		return nil
	})
	if err != nil {
		return err
	}
	var initial []string
	for _, m := range members {
		for _, u := range m.PeerURLs {
			name := m.Name
			if slices.Contains(m.PeerURLs, n.PeerURL()) {
				name = n.Name()
			}
			initial = append(initial, name+"="+u)
		}
	}
	b.LetStart(n)
	if err := b.writeManifest(n, strings.Join(initial, ","), "existing"); err != nil {
		return err
	}
	return errors.Join(n.Reconnect(), b.powerOn(ctx, n))
}

// force does by hand what a forced start is, and takes the flag out again or not.
func (b *practiceLab) force(ctx context.Context, old *machine, leave bool) error {
	n := b.Node(old.name)
	if err := b.away(ctx, old, true); err != nil {
		return err
	}
	b.LetStart(n)
	if err := b.putManifest(n, true); err != nil {
		return err
	}
	if err := b.servesAlone(ctx, n); err != nil || leave {
		return err
	}
	b.flush(ctx, old)
	return b.putManifest(n, false)
}

// servesAlone waits until a node leads a cluster of one.
func (b *practiceLab) servesAlone(ctx context.Context, n lab.Identity) error {
	ctx, cancel := context.WithTimeout(ctx, realPatience)
	defer cancel()
	return wait.Until(ctx, realLook, func() error {
		try, cancel := context.WithTimeout(ctx, realAsk)
		defer cancel()
		c := b.clients[n.Name()]
		list, err := c.MemberList(try)
		if err == nil && len(list.Members) != 1 {
			err = fmt.Errorf("%s is not alone", n.Name())
		}
		return err
	})
}

func damageLog(n lab.Identity) error {
	all, err := filepath.Glob(n.Path(dataPath + "/member/wal/*.wal"))
	if err != nil || len(all) == 0 {
		return fmt.Errorf("no log: %w", err)
	}
	f, err := os.OpenFile(all[len(all)-1], os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte("damaged"), 120)
	return errors.Join(err, f.Close())
}

// stand says how the lab stands.
func (b *practiceLab) stand(ctx context.Context) string {
	var out strings.Builder
	for _, n := range b.Nodes() {
		s, err := b.ask(ctx, n.Name())
		log := strings.Split(strings.TrimSpace(n.ContainerLog()), "\n")
		fmt.Fprintf(&out, "%s: %+v, %v, processes %v\n%s\n", n.Name(), s, err, n.EtcdPIDs(),
			strings.Join(log[max(0, len(log)-8):], "\n"))
	}
	return out.String()
}
