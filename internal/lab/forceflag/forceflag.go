//go:build linux

// Package forceflag looks for what must never stay on a node.
package forceflag

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
)

// On looks for the force flag in every manifest that the kubelet of a node reads, and in the command line of what
// runs.
func On(m lab.Node) (bool, error) {
	files, err := filepath.Glob(m.Path("/etc/kubernetes/manifests/*"))
	if err != nil {
		return false, err
	}
	if len(files) == 0 {
		return false, fmt.Errorf("%s has no manifests", m.Name())
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return false, fmt.Errorf("reading a manifest of %s: %w", m.Name(), err)
		}
		pod, err := manifest.Parse(text)
		if err != nil {
			return false, fmt.Errorf("reading %s: %w", f, err)
		}
		if pod.Forced() {
			return true, nil
		}
	}
	for _, line := range m.EtcdCommands() {
		if strings.Contains(line, "force-new-cluster") {
			return true, nil
		}
	}
	return false, nil
}
