//go:build whole

package sample

// Whole reports whether everything runs.
const Whole = true
