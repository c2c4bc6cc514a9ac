// Package history shows that an etcd cluster loses and reorders no acknowledged write while it is recovered.
//
// There are two witnesses. A Recorder has several clients work on a few keys at once, and Check looks for an order of
// all that they saw in which etcd has behaved like one register per key: linearizability. A Watcher writes to each
// node separately, and its Check finds every acknowledged write in the cluster that is left in the end, at the
// revision at which it was acknowledged; a second cluster that ever took a write has one that is not there.
package history
