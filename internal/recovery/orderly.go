package recovery

import (
	"fmt"
	"regexp"

	"github.com/coreos/go-semver/semver"
)

// imageVersion is etcd's version in the tag of its image: registry.k8s.io/etcd:3.5.9-0, quay.io/coreos/etcd:v3.4.3.
var imageVersion = regexp.MustCompile(`:v?(\d+\.\d+\.\d+)(-[^:/]*)?$`)

// forgetsCommit tells of an etcd whose forced start goes by the commit index in the log alone. That lags behind the
// database unless etcd was stopped in an orderly way; members that join then get other data than the seed has, without
// a word (etcd-io/etcd#14009; mended in 3.5.22 and 3.6.1, and never in 3.4). A version that the image does not tell is
// taken for a mended one.
func forgetsCommit(image string) bool {
	v := versionOf(image)
	return v != nil && before(*v, commitMended())
}

func commitMended() []semver.Version { return []semver.Version{release(5, 22), release(6, 1)} }

// versionOf is that of an image; nil where its tag does not tell.
func versionOf(image string) *semver.Version {
	m := imageVersion.FindStringSubmatch(image)
	if m == nil {
		return nil
	}
	v, err := semver.NewVersion(m[1])
	if err != nil {
		return nil
	}
	return v
}

// tooNew tells of data that a later minor version of etcd than the image's has written, with which this one does not
// start. Etcd writes its storage version down since 3.6; before that the version of the cluster says it.
func tooNew(storage, cluster, image string) bool {
	v := versionOf(image)
	for _, text := range []string{storage, cluster} {
		has, err := semver.NewVersion(text)
		if err == nil && v != nil && (has.Major > v.Major || has.Major == v.Major && has.Minor > v.Minor) {
			return true
		}
	}
	return false
}

// checkOrderly refuses to force a seed of such a version that does not run: only one that runs can be stopped in an
// orderly way. A manifest that is parked was taken out by a recovery, which stops etcd so.
func checkOrderly(seed Evidence) error {
	if seed.Running || seed.Parked != "" || !forgetsCommit(seed.Image) {
		return nil
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
			seed.Image,
		),
		Next: fmt.Sprintf(
			"let etcd start on %s as it is, alone and without a leader (systemctl status kubelet, and the "+
				"container's log, say what is in the way), then plan again: it is stopped in an orderly way before "+
				"it is forced.",
			seed.Name,
		),
	}
}
