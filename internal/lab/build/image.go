//go:build linux

package build

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// PauseRef is the reference of the image that holds a pod's namespaces open.
const PauseRef = "registry.k8s.io/pause:3.10"

// An Image is a container image that is made here: a few files on top of nothing.
type Image struct {
	Ref   string
	files map[string]string // path in the image → path here
}

// EtcdImage has the program where the published image has it.
func EtcdImage(s Server) Image {
	return Image{Ref: EtcdRef(s.Version), files: map[string]string{"usr/local/bin/etcd": s.Path}}
}

// PauseImage is built on first use.
func PauseImage(ctx context.Context) (Image, error) {
	cache, err := CacheDir()
	if err != nil {
		return Image{}, err
	}
	path := filepath.Join(cache, "pause")
	if _, err := os.Stat(path); err != nil {
		_, err := goOutput(ctx, "", "build", compiler, "-ldflags", "-s -w", "-o", path, pausePackage)
		if err != nil {
			return Image{}, fmt.Errorf("building pause: %w", err)
		}
	}
	return Image{Ref: PauseRef, files: map[string]string{"pause": path}}, nil
}

const pausePackage = "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/cmd/pause"

// Archive writes the image as `docker save` does, which both `ctr images import` and `docker load` take.
func (i Image) Archive(path string) error {
	var layer bytes.Buffer
	out := tar.NewWriter(&layer)
	for name, from := range i.files {
		content, err := os.ReadFile(from)
		if err != nil {
			return fmt.Errorf("making the image %s: %w", i.Ref, err)
		}
		if err := add(out, name, 0o755, content); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("making the image %s: %w", i.Ref, err)
	}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Env": []string{"PATH=/usr/local/bin:/"}, "Entrypoint": i.entrypoint()},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest(layer.Bytes())}},
	})
	if err != nil {
		return fmt.Errorf("making the image %s: %w", i.Ref, err)
	}
	manifest, err := json.Marshal(
		[]map[string]any{
			{"Config": digest(config) + ".json", "RepoTags": []string{i.Ref}, "Layers": []string{"layer.tar"}},
		},
	)
	if err != nil {
		return fmt.Errorf("making the image %s: %w", i.Ref, err)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("making the image %s: %w", i.Ref, err)
	}
	defer func() { _ = f.Close() }()
	out = tar.NewWriter(f)
	for _, part := range []struct {
		name    string
		content []byte
	}{{digest(config) + ".json", config}, {"layer.tar", layer.Bytes()}, {"manifest.json", manifest}} {
		if err := add(out, part.name, 0o644, part.content); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("making the image %s: %w", i.Ref, err)
	}
	return nil
}

// entrypoint is what a pod without a command runs.
func (i Image) entrypoint() []string {
	if _, ok := i.files["pause"]; ok {
		return []string{"/pause"}
	}
	return nil
}

func add(out *tar.Writer, name string, mode int64, content []byte) error {
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(content))}); err != nil {
		return fmt.Errorf("writing an archive: %w", err)
	}
	if _, err := out.Write(content); err != nil {
		return fmt.Errorf("writing an archive: %w", err)
	}
	return nil
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
