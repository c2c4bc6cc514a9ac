// Package sample says how much of a test runs. The gate has samples, always the same ones; everything runs with the
// build tag "whole", as `make test-whole` has it.
package sample

import "hash/fnv"

// Of returns n of all, spread evenly, or all of them where everything runs.
func Of[T any](all []T, n int) []T {
	if Whole || n >= len(all) {
		return all
	}
	some := make([]T, 0, n)
	for i := range n {
		some = append(some, all[i*len(all)/n])
	}
	return some
}

// WithFirst returns the first of all and one more, which goes by a name, or all of them where everything runs. Under
// many names each of them has its turn.
func WithFirst[T any](all []T, name string) []T {
	if Whole || len(all) <= 2 {
		return all
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // it never fails
	return []T{all[0], all[1+h.Sum32()%uint32(len(all)-1)]}
}
