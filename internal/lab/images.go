//go:build linux

package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"sync"
)

const pauseImage = "registry.k8s.io/pause:3.10"

// imageStore is what a master's container runtime has pulled. An image is a program here.
type imageStore struct {
	mu      sync.Mutex
	pulled  map[string]string // reference → program
	removed map[string]string
}

func newImageStore() *imageStore {
	return &imageStore{pulled: map[string]string{pauseImage: ""}, removed: map[string]string{}}
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
		if ref != pauseImage {
			s.removed[ref] = program
			delete(s.pulled, ref)
		}
	}
}

func (s *imageStore) restore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ref, program := range s.removed {
		s.pulled[ref] = program
	}
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

func (s *imageStore) references() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var refs []string
	for ref := range s.pulled {
		refs = append(refs, ref)
	}
	return refs
}

// imageID is a made-up digest that stays the same for the same reference.
func imageID(ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return "sha256:" + hex.EncodeToString(sum[:])
}
