package recovery

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/coreos/go-semver/semver"
)

// tagVersion is etcd's version in the tag of its image, without what a distributor has added: 3.5.9-0, v3.4.3,
// v3.4.13_vmware.15.
var tagVersion = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)([-_.].*)?$`)

// forgetsCommit tells of an etcd whose forced start goes by the commit index in the log alone. That lags behind the
// database unless etcd was stopped in an orderly way; members that join then get other data than the seed has, without
// a word (etcd-io/etcd#14009; fixed in 3.5.22 and 3.6.1, and never in 3.4).
func forgetsCommit(v semver.Version) bool { return before(v, commitMended()) }

func commitMended() []semver.Version { return []semver.Version{release(5, 22), release(6, 1)} }

// versionOf is that of an image; nil where its tag does not tell, or it has none.
func versionOf(image string) *semver.Version {
	name, _, _ := strings.Cut(image, "@") // the digest
	name = name[strings.LastIndex(name, "/")+1:]
	_, tag, _ := strings.Cut(name, ":")
	m := tagVersion.FindStringSubmatch(tag)
	if m == nil {
		return nil
	}
	return parsed(m[1])
}

// parsed returns nil for what is no version.
func parsed(text string) *semver.Version {
	v, err := semver.NewVersion(text)
	if err != nil {
		return nil
	}
	return v
}

// version is that of the etcd on this node: what the member says, else the image; nil where neither tells.
func (e Evidence) version() *semver.Version {
	if e.Status != nil {
		if v := parsed(e.Status.Version); v != nil {
			return v
		}
	}
	return versionOf(e.Image)
}

// oldest is the version to look for faults by. One that is not known is the oldest that starts with the data, or, where
// that does not tell either, one that is older than all.
func oldest(v *semver.Version, data *OnDisk) semver.Version {
	if v == nil && data != nil {
		v = parsed(cmp.Or(data.StorageVersion, data.ClusterVersion))
	}
	if v == nil {
		return semver.Version{}
	}
	return *v
}

// tooNew tells of data that a later minor version of etcd than the image's has written, with which this one does not
// start. Etcd writes its storage version down since 3.6; before that the version of the cluster says it. Of an image
// that does not tell its version this cannot be said.
func tooNew(storage, cluster, image string) bool {
	v := versionOf(image)
	for _, text := range []string{storage, cluster} {
		has := parsed(text)
		if has != nil && v != nil && (has.Major > v.Major || has.Major == v.Major && has.Minor > v.Minor) {
			return true
		}
	}
	return false
}

// checkOrderly refuses to force a seed of such a version that does not run: only one that runs can be stopped in an
// orderly way. A manifest that is parked was taken out by a recovery, which stops etcd so.
func checkOrderly(seed Evidence) error {
	if seed.Running || seed.Parked != "" || !forgetsCommit(oldest(seed.version(), seed.Disk)) {
		return nil
	}
	image, next := seed.Image, ""
	if seed.version() == nil {
		image += ", which does not tell its version"
		next = fmt.Sprintf(
			" If it is 3.5.22, 3.6.1 or later, you can say so instead: put the tag into %s "+
				"(…:3.6.5-0@sha256:…), then plan again.",
			seed.ManifestPath,
		)
	}
	return &Refusal{
		Code:      CodeMustRunFirst,
		Title:     "This Etcd Must Run Before It Is Forced",
		Attribute: "node",
		Found: fmt.Sprintf(
			"etcd does not run on %s, and its image is %s. Before 3.5.22 and 3.6.1 a forced start after a crash or a "+
				"power loss can leave the members with different data (etcd-io/etcd#14009); one after an orderly "+
				"stop cannot.",
			seed.Name,
			image,
		),
		Next: fmt.Sprintf(
			"let etcd start on %s as it is, alone and without a leader (systemctl status kubelet, and the "+
				"container's log, say what is in the way), then plan again: it is stopped in an orderly way before "+
				"it is forced.",
			seed.Name,
		) + next,
	}
}
