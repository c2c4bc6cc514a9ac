// Package manifest reads and edits the static pod manifest that runs etcd on a
// Kubernetes master.
//
// It is pure: bytes in, bytes out. A YAML parser locates what is to change, a
// splice changes only that, and the result is parsed again and compared with
// what was intended. Re-marshalling the pod instead would drop comments and
// fields this program does not know, and the diff that an operator reviews
// would be noise.
//
// Whatever cannot be edited with certainty is refused with one of the sentinel
// errors of this package.
package manifest
