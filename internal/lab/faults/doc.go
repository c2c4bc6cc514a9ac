//go:build linux

// Package faults interrupts recoveries in every way at every step, and shows that the next apply finishes them: with
// the real Terraform, the real provider, real etcd servers and the real SSH protocol. Command faults walks all cases.
package faults
