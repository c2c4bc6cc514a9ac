// Package disk has what befalls the disk of a node: it gets a size, folders and scripts, becomes full, is emptied, and
// is hashed to show that nothing was touched. What stands on it, and where, others say.
package disk
