// Package survey reads: it examines nodes and changes nothing on them.
package survey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// filesWait bounds the reading of certificates on a master, statusWait what a member is given to say how it is, and
// quorumWait a linearizable read, which hangs where there is no quorum. It is tried only where a leader is named, and a
// quorum that is slow must not be taken for none: a server with the default timers gives up after 7 s.
const (
	filesWait  = 20 * time.Second
	statusWait = 10 * time.Second
	quorumWait = 10 * time.Second
	hashWait   = 5 * time.Second
	diskWait   = 2 * time.Minute // 128 MB of a log over a slow line
)

// Take examines all masters at once and changes nothing. A master that cannot be examined is evidence too, not an
// error.
func Take(ctx context.Context, nodes map[string]*node.Node, now time.Time) recovery.Survey {
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		all  = map[string]recovery.Evidence{}
		bad  error
		logs = map[string]readLog{}
	)
	for name, n := range nodes {
		wg.Go(func() {
			var e recovery.Evidence
			var log readLog
			keep := func(read readLog) { log = read }
			err := recovery.Caught(name, func() error { e = examine(ctx, n, now, keep); return nil })
			mu.Lock()
			defer mu.Unlock()
			all[name], logs[name], bad = e, log, cmp.Or(bad, err)
		})
	}
	wg.Wait()
	_ = recovery.Raise(bad)
	s := recovery.SurveyOf(all)
	compareLogs(ctx, s, logs)
	live := liveCluster(s)
	if surpassed(s, live) {
		askAgain(ctx, s, nodes)
		live = liveCluster(s)
	}
	if live == nil {
		readLearners(ctx, s, nodes)
	}
	lookFromOutside(ctx, s, nodes, live)
	for i := range s {
		s[i].Live, s[i].LeftBy, s[i].Twin = live, s.LeftBy(s[i]), s.TwinOf(s[i])
		for _, w := range []string{otherCluster(s[i]), recordedElsewhere(s[i])} {
			if w != "" {
				s[i].Warnings = append(s[i].Warnings, w)
			}
		}
	}
	return s.Counted()
}

// outgrows compares clusters that both answer.
func outgrows(e recovery.Evidence, best recovery.Evidence) bool {
	if len(e.Members) != len(best.Members) {
		return len(e.Members) > len(best.Members)
	}
	return e.Status.Revision > best.Status.Revision
}

// liveCluster is the cluster that answered a linearizable read. With two of them, as when a wiped master has founded
// one of its own, it is the one with more members, then the one that has seen more writes.
func liveCluster(all recovery.Survey) *recovery.Live {
	var best *recovery.Evidence
	for _, e := range all {
		if e.Quorum && e.Status != nil && len(e.Members) > 0 && (best == nil || outgrows(e, *best)) {
			best = &e
		}
	}
	if best == nil {
		return nil
	}
	live := &recovery.Live{
		ClusterID: best.Status.ClusterID, Members: best.Members, Twins: all.TwinsIn(best.Status.ClusterID),
	}
	for _, e := range all {
		if e.Quorum && e.Within(live) {
			live.Commit, live.Term, live.Revision = max(live.Commit, e.Status.RaftIndex), max(
				live.Term,
				e.Status.RaftTerm,
			), max(live.Revision, e.Status.Revision)
		}
	}
	return live
}

// otherCluster warns of data that may be worth more than the cluster that answers: that could have been founded on
// wiped disks, or be one that was restored on purpose.
func otherCluster(e recovery.Evidence) string {
	if e.Live == nil || e.Disk == nil || e.Disk.ClusterID == e.Live.ClusterID || e.Disk.Revision <= e.Live.Revision {
		return ""
	}
	return fmt.Sprintf(
		"the data in %s on %s is of cluster %s and at revision %d; the cluster that answers is %s, at revision %d. "+
			"If that one was founded on wiped disks, do not let %s join it",
		e.DataDir,
		e.Name,
		e.Disk.ClusterID,
		e.Disk.Revision,
		e.Live.ClusterID,
		e.Live.Revision,
		e.Name,
	)
}

// recordedElsewhere warns of a member that works and that its cluster has at other peer URLs than its manifest says
// (kubeadm#2071, etcd-io/etcd#11732): one that joins looks for it there.
func recordedElsewhere(e recovery.Evidence) string {
	if e.Live == nil || !e.Quorum || e.Status == nil || len(e.PeerURLs) == 0 {
		return ""
	}
	for _, m := range e.Live.Members {
		if m.ID == e.Status.MemberID && e.Status.ClusterID == e.Live.ClusterID &&
			!recovery.SharesURL(m.PeerURLs, e.PeerURLs) {
			return fmt.Sprintf(
				"the cluster has %s at %s, and the manifest of %s says %s: members that join look for it at the "+
					"former. Put that right (etcdctl member update %s --peer-urls=…)",
				m.Label(),
				strings.Join(m.PeerURLs, ","),
				e.Name,
				strings.Join(e.PeerURLs, ","),
				m.ID,
			)
		}
	}
	return ""
}

// examine looks at one node, and keeps how its log can be read.
func examine(ctx context.Context, n *node.Node, now time.Time, keep func(readLog)) recovery.Evidence {
	e := recovery.Evidence{Name: n.Name, Host: n.Host, Reach: recovery.Reached}
	pods, err := n.Look(ctx, telltales()...)
	if pods != nil {
		e.Addresses = addressesOf(pods)
	}
	if errors.Is(err, node.ErrNoManifestDir) && isBare(pods) {
		e.NoManifest, e.Bare = true, true
		lookForStray(ctx, &e, n, nil)
		e.Problems = append(e.Problems, fmt.Sprintf(
			"nothing of Kubernetes and of etcd is on %s, as on a machine that was installed anew: it has nothing to "+
				"stop. Before it can join, prepare it as a control plane node, with etcd's manifest and certificates",
			n.Name,
		))
		return e
	}
	if err != nil {
		e.Reach, e.ReachKind, e.ReachError = recovery.Silent, node.Kind(err), err.Error()
		if node.Answered(err) {
			e.Reach = recovery.Refused
		}
		if errors.Is(err, node.ErrNoManifestDir) && parkedOriginal(pods, pods.Named) == nil {
			e.NoManifest, e.Signs = true, pods.Signs
			journals, _ := ReadJournals(pods.Journals)
			lookForStray(ctx, &e, n, journals)
			e.ReachError = strings.Join(append(e.NotHere(), e.ReachError), "; ")
		}
		return e
	}
	e.Signs, e.ParkedDir = pods.Signs, pods.ParkedDir
	e.Runtime = pods.Runtime
	e.Journals, e.Problems = ReadJournals(pods.Journals)
	e.Unknown.Journals = strings.Join(e.Problems, "; ")
	e.Kubelet = kubeletOf(pods.Kubelet, now)
	if w := e.Kubelet.Warning(n.Name); w != "" {
		e.Warnings = append(e.Warnings, w)
	}
	e.ForceFlag = ForcedManifest(n.MayBeEtcd(pods.Files))
	m, problems := FindManifest(&e, pods)
	e.Problems = append(e.Problems, problems...)
	if m == nil {
		if e.NoManifest {
			lookForStray(ctx, &e, n, e.Journals)
		} else {
			e.Unknown.Manifest = strings.Join(problems, "; ")
		}
		// Still say whether an etcd runs here: it would have to be stopped.
		e.Running = running(pods.Containers, e.Workload())
		return e
	}
	e.MemberName, e.PeerURLs, e.Image = m.Name(), m.PeerURLs(), m.Image()
	if w := networkWarning(&e, m); w != "" {
		e.Warnings = append(e.Warnings, w)
	}
	e.OtherPods = pods.Others(e.Workload(), otherManifests(pods, e.ManifestPath, m)...)
	workload := e.Workload()
	e.Running = running(pods.Containers, workload)

	paths, problems := pathsOf(m)
	e.Problems = append(e.Problems, problems...)
	if len(problems) > 0 {
		e.Unknown.Manifest = strings.Join(problems, "; ")
		return e
	}
	var disk *node.Disk
	var looking sync.WaitGroup
	looking.Go(func() {
		err = recovery.Caught(n.Name, func() (err error) { disk, err = n.Disk(ctx, paths, pods.Runtime); return err })
	})
	if e.Running {
		ask(ctx, &e, n)
	}
	if last := newest(pods.Containers, workload); last != nil && (e.Status == nil || e.Status.Leader == 0) {
		log, _ := n.ContainerLog(ctx, pods.Runtime, last.ID, 200) // without it there is only less to say
		if e.Status == nil {
			e.LastWords = FatalLines(log)
		} else {
			e.Tail = tailOf(log)
		}
	}
	looking.Wait()
	if recovery.Raise(err) != nil {
		e.Reach, e.ReachKind, e.ReachError = recovery.Refused, recovery.KindCommand, err.Error()
		return e
	}
	e.DataDir, e.WALDir, e.OldData, e.OldWAL = paths.DataDir, paths.WALDir, disk.OldData, disk.OldWAL
	e.DataBytes, e.FreeBytes, e.Readable, e.Empty = disk.DataBytes, disk.FreeBytes, disk.Readable(), disk.Empty
	if !e.Quorum {
		e.Problems = append(e.Problems, listenProblems(&e, m, pods)...)
	}
	e.Unknown.Data, e.Foreign, e.Mount = disk.EmptyUnknown, disk.Foreign, disk.Mount
	e.NoLog = len(disk.Segments) == 0 && disk.EmptyUnknown == ""
	doubtMount(&e)
	tellOfMount(&e, disk.NotMounted)
	if paths.WALDir != "" {
		e.FreeBytes = min(e.FreeBytes, disk.WALFree) // each is asked to hold all of it: simple, and on the safe side
	}
	for _, l := range disk.Symlinks {
		e.Problems = append(
			e.Problems,
			fmt.Sprintf(
				"%s on %s is a symbolic link, which a copy would not follow: give the real folder to etcd "+
					"(--data-dir or --wal-dir), then plan again",
				l,
				n.Name,
			),
		)
	}
	if disk.WALMount {
		e.Problems = append(
			e.Problems,
			fmt.Sprintf(
				"the WAL folder %s on %s is a mount point itself, in which etcd cannot make a log anew: use a folder "+
					"within it (--wal-dir), then plan again",
				paths.WALDir,
				n.Name,
			),
		)
	}
	if !disk.Image {
		e.Problems = append(
			e.Problems,
			fmt.Sprintf(
				"the image %s is not on %s, and a registry may be out of reach now: pull or import it, then plan again",
				paths.Image,
				n.Name,
			),
		)
	}
	if disk.NoPause != "" {
		e.Warnings = append(
			e.Warnings,
			fmt.Sprintf(
				"the image of pod sandboxes, %s, is not on %s: no pod starts there unless it can be pulled; pull or "+
					"import it",
				disk.NoPause,
				n.Name,
			),
		)
	}
	e.Problems = append(e.Problems, certificateProblems(n.Name, disk, now)...)
	if e.Status == nil && e.Readable {
		if log := ReadDisk(ctx, &e, n, paths, disk); log != nil {
			keep(func(context.Context, uint64) *datadir.Log { return log })
		}
	} else if e.Status != nil && (e.Status.Leader == 0 || e.Quorum) {
		keep(logOf(n, &e, paths, disk))
	}
	lookAtPeers(ctx, &e, n)
	return e
}

// newest is the last container of a workload, running or not; pods.Containers are newest first.
func newest(all []node.Container, w node.Workload) *node.Container {
	i := slices.IndexFunc(all, w.Is)
	if i < 0 {
		return nil
	}
	return &all[i]
}

func running(all []node.Container, w node.Workload) bool {
	return slices.ContainsFunc(all, func(c node.Container) bool { return c.Running && w.Is(c) })
}

// ask fills in what the running member says. A member without a leader is not an error.
func ask(ctx context.Context, e *recovery.Evidence, n *node.Node) {
	filesCtx, cancel := context.WithTimeout(ctx, filesWait)
	defer cancel()
	endpoint, err := endpointOf(filesCtx, n, *e)
	statusCtx, cancel := context.WithTimeout(ctx, statusWait)
	defer cancel()
	if err == nil {
		err = endpoint.Listening(statusCtx)
	}
	if err != nil {
		e.Unknown.Status = err.Error()
		if node.NoForwarding(err) {
			e.Problems = append(e.Problems, forwardingProblem(err))
		}
		return
	}
	client, err := etcd.Open(endpoint)
	if err != nil {
		e.Unknown.Status = err.Error()
		return
	}
	defer func() { _ = client.Close() }()
	status, err := client.Status(statusCtx)
	switch {
	case etcd.NeedsUser(err): // its log may still be asked whether there is a quorum
		e.Auth, e.Unknown.Status = true, err.Error()
	case err != nil:
		e.Unknown.Status = err.Error()
		return
	default:
		e.Status, e.Alarms = &status, status.Alarms()
	}
	if members, err := client.MembersSeen(statusCtx); err == nil {
		e.Members = members
	}
	if e.Status != nil && status.Leader == 0 {
		hashData(ctx, e, client)
	}
	if e.Status != nil && (status.Leader == 0 || status.Learner) {
		return
	}
	askQuorum(ctx, e, client)
	if e.Unknown.Quorum != "" {
		askLeader(ctx, e, client)
	}
}

// askLeader asks for the status once more after a read that did not come back. That has taken longer than a member
// remembers a leader that it does not hear from any more.
func askLeader(ctx context.Context, e *recovery.Evidence, client *etcd.Client) {
	ctx, cancel := context.WithTimeout(ctx, statusWait)
	defer cancel()
	status, err := client.Status(ctx)
	if err != nil || e.Status == nil {
		return
	}
	e.Status, e.Alarms = &status, status.Alarms()
	if status.Leader == 0 {
		hashData(ctx, e, client)
	}
}

// askQuorum finds out whether the member has a quorum.
func askQuorum(ctx context.Context, e *recovery.Evidence, client *etcd.Client) {
	ctx, cancel := context.WithTimeout(ctx, quorumWait)
	defer cancel()
	switch err := client.Quorum(ctx); {
	case etcd.NeedsUser(err):
		e.Auth = true
	case err != nil:
		e.Unknown.Quorum = err.Error()
		return
	}
	e.Quorum = true
	if members, err := client.Members(ctx); err == nil { // else it stays the list that the member alone knows
		e.Members = members
	}
}

// hashData asks for the hash of the data of a member that has no leader. With one it is not asked for: etcd takes no
// writes while it reads all keys.
func hashData(ctx context.Context, e *recovery.Evidence, c *etcd.Client) {
	ctx, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	h, err := c.Hash(ctx, 0)
	e.Auth = e.Auth || etcd.NeedsUser(err) // a status is told without a user
	if err == nil {
		e.Hash = &recovery.Hash{Revision: h.Revision, CompactRevision: h.CompactRevision, Value: h.Value}
	}
}

// endpointOf is how the member on a master is reached through the master, with the certificates that its own manifest
// names.
func endpointOf(ctx context.Context, n *node.Node, e recovery.Evidence) (etcd.Endpoint, error) {
	m, err := e.Parse()
	if err != nil {
		return etcd.Endpoint{}, err
	}
	endpoint := etcd.Endpoint{Dialer: n.DialContext}
	if endpoint.URL, err = etcd.ClientURL(m.ListenClientURLs()); err != nil {
		return endpoint, err
	}
	pki := pkiOnHost(m)
	if pki.ca == "" {
		return endpoint, nil
	}
	files, err := n.ReadFiles(ctx, pki.ca, pki.healthcheckCert, pki.healthcheckKey, pki.cert, pki.key)
	if err != nil {
		return endpoint, fmt.Errorf("reading the etcd client certificate on %s: %w", n.Name, err)
	}
	endpoint.CA, endpoint.Cert, endpoint.Key = files[pki.ca], files[pki.healthcheckCert], files[pki.healthcheckKey]
	if endpoint.Cert == nil || endpoint.Key == nil {
		endpoint.Cert, endpoint.Key = files[pki.cert], files[pki.key]
	}
	if endpoint.CA == nil || endpoint.Cert == nil || endpoint.Key == nil {
		return endpoint, errors.New(
			"no client certificate: neither healthcheck-client nor the server's own pair can be read on " + n.Name,
		)
	}
	return endpoint, nil
}

// OpenEtcd connects to the member on a master.
func OpenEtcd(ctx context.Context, n *node.Node, e recovery.Evidence) (*etcd.Client, error) {
	endpoint, err := endpointOf(ctx, n, e)
	if err != nil {
		return nil, err
	}
	return etcd.Open(endpoint)
}
