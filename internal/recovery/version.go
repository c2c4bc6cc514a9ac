package recovery

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/coreos/go-semver/semver"
)

// tagVersion is etcd's version in the tag of its image, without what a distributor has added: 3.5.9-0, v3.4.3,
// v3.4.13_vmware.15.
var tagVersion = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)([-_.].*)?$`)

// ForgetsCommit tells of an etcd whose forced start goes by the commit index in the log alone. That lags behind the
// database unless etcd was stopped in an orderly way; members that join then get other data than the seed has, without
// a word (etcd-io/etcd#14009; fixed in 3.5.22 and 3.6.1, and never in 3.4).
func ForgetsCommit(v semver.Version) bool { return Before(v, CommitMended()) }

func CommitMended() []semver.Version { return []semver.Version{Release(5, 22), Release(6, 1)} }

// VersionOf is that of an image; nil where its tag does not tell, or it has none.
func VersionOf(image string) *semver.Version {
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

// Version is that of the etcd on this node: what the member says, else the image; nil where neither tells.
func (e Evidence) Version() *semver.Version {
	if e.Status != nil {
		if v := parsed(e.Status.Version); v != nil {
			return v
		}
	}
	return VersionOf(e.Image)
}

// Oldest is the version to look for faults by. One that is not known is the oldest that starts with the data, or, where
// that does not tell either, one that is older than all.
func Oldest(v *semver.Version, data *OnDisk) semver.Version {
	if v == nil && data != nil {
		v = parsed(cmp.Or(data.StorageVersion, data.ClusterVersion))
	}
	if v == nil {
		return semver.Version{}
	}
	return *v
}

// TooNew tells of data that a later minor version of etcd than the image's has written, with which this one does not
// start. Etcd writes its storage version down since 3.6; before that the version of the cluster says it. Of an image
// that does not tell its version this cannot be said.
func TooNew(storage, cluster, image string) bool {
	v := VersionOf(image)
	for _, text := range []string{storage, cluster} {
		has := parsed(text)
		if has != nil && v != nil && (has.Major > v.Major || has.Major == v.Major && has.Minor > v.Minor) {
			return true
		}
	}
	return false
}

func Release(minor, patch int64) semver.Version {
	return semver.Version{Major: 3, Minor: minor, Patch: patch}
}

// Before tells whether a version has a fault that these have mended, one for each line of releases.
func Before(v semver.Version, mended []semver.Version) bool {
	for _, m := range mended {
		if v.Minor == m.Minor {
			return v.LessThan(m)
		}
	}
	return v.LessThan(mended[0])
}
