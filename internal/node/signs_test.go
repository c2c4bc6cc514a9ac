//go:build linux

package node_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// TestSigns looks for files and folders, on a master as it should be and on those that lack what a recovery needs.
func TestSigns(t *testing.T) {
	for _, c := range []struct {
		name, config string
		crictl       string
		missing      error
	}{
		{name: "a master", config: "staticPodPath: @/pods\n"},
		{name: "no static pods", config: "clusterDomain: x\n", missing: node.ErrNoManifestDir},
		{name: "a folder that is gone", config: "staticPodPath: @/none\n", missing: node.ErrNoManifestDir},
		{name: "no runtime", config: "staticPodPath: @/pods\n", crictl: brokenCrictl, missing: node.ErrNoRuntime},
		{name: "neither", config: "clusterDomain: x\n", crictl: brokenCrictl, missing: node.ErrNoManifestDir},
	} {
		t.Run(c.name, func(t *testing.T) {
			inEachShell(t, func(t *testing.T, n *node.Node, l local, dir string) {
				at := func(name string) string { return filepath.Join(dir, name) }
				write(t, dir, map[string]string{
					"config.yaml":            strings.ReplaceAll(c.config, "@", dir),
					"pods/etcd.yaml":         "a pod",
					"work/parked/etcd.yaml":  "parked",
					"file":                   "",
					"folder/in it":           "",
					"keys/etcd-10-0-0-2.pem": "",
					"keys/etcd-10-0-0-1.pem": "",
					"-e":                     "",
					"new\nline":              "",
				})
				must(t, os.Symlink(at("file"), at("link")))
				must(t, os.Symlink("/dev/null", at("masked")))
				must(t, os.Symlink(at("none"), at("dangling")))
				programs := answers()
				programs["ctr"] = brokenCrictl
				if c.crictl != "" {
					programs["crictl"] = c.crictl
				}
				n.KubeletConfig = at("config.yaml")
				var patterns []string
				for _, name := range []string{
					"file", "none", "folder", "keys/etcd-*.pem", "keys/none-*.pem", "masked", "dangling", "link", "-e",
					"new\nline", "f*",
				} {
					patterns = append(patterns, at(name))
				}
				patterns = append(patterns, "$(touch "+at("oops")+")")
				found, err := onPath(n, l, replay(t, dir, "", programs)).Look(t.Context(), patterns...)
				if !errors.Is(err, c.missing) || (err != nil) != (c.missing != nil) {
					t.Fatalf("got %v, want %v", err, c.missing)
				}
				want := []string{
					at("file"), at("folder"), at("keys/etcd-10-0-0-1.pem"), at("link"), at("-e"), at("new\nline"),
					at("file"),
				}
				if !slices.Equal(found.Signs, want) {
					t.Errorf("signs %q, want %q", found.Signs, want)
				}
				if len(found.Parked) != 1 || (len(found.Files) == 1) == errors.Is(err, node.ErrNoManifestDir) {
					t.Errorf("parked %d, files %d", len(found.Parked), len(found.Files))
				}
				if _, err := os.Stat(at("oops")); err == nil {
					t.Error("a pattern was interpreted")
				}
				files, err := onPath(n, l, at("bin")).Manifests(t.Context())
				if (err != nil) != errors.Is(c.missing, node.ErrNoManifestDir) || err != nil && files != nil {
					t.Errorf("manifests %v, %v", files, err)
				}
			})
		})
	}
}
