//go:build linux

package kubelet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
)

// imageStore is what a node's container runtime has pulled. An image is a program here.
type imageStore struct {
	pause   string // the reference of the one that is always there
	mu      sync.Mutex
	pulled  map[string]string // reference → program
	removed map[string]string
}

func newImageStore(pause string, pulled map[string]string) *imageStore {
	s := &imageStore{pause: pause, pulled: map[string]string{pause: ""}, removed: map[string]string{}}
	maps.Copy(s.pulled, pulled)
	return s
}

func (s *imageStore) add(ref, program string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pulled[ref] = program
}

// removeAll takes every image but the pause image away, and restore brings them back.
func (s *imageStore) removeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ref, program := range s.pulled {
		if ref != s.pause {
			s.removed[ref] = program
			delete(s.pulled, ref)
		}
	}
}

func (s *imageStore) restore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.pulled, s.removed)
	clear(s.removed)
}

// program finds what a container of this image runs as argv0. There is no registry: what is not there can't be pulled.
func (s *imageStore) program(ref, argv0 string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	program, ok := s.pulled[ref]
	if !ok {
		return "", fmt.Errorf("ErrImagePull: failed to pull image %q", ref)
	}
	if filepath.IsAbs(argv0) && filepath.Base(argv0) != "etcd" {
		return argv0, nil // of this machine: a stand-in for whatever the image would have there
	}
	if filepath.Base(argv0) == "etcd" {
		return program, nil
	}
	return "", fmt.Errorf("exec: %q: executable file not found in $PATH", argv0)
}

// references are in the order of the alphabet.
func (s *imageStore) references() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.pulled))
}

// imageID is a made-up digest that stays the same for the same reference.
func imageID(ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return "sha256:" + hex.EncodeToString(sum[:])
}
