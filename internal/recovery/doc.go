// Package recovery is the vocabulary of a recovery of etcd. It does no I/O and decides nothing.
//
//   - Evidence is what was seen on one node, a survey that of all nodes at one time.
//   - A Step is one line of the runbook, with an ID, the operation it belongs to, and the nodes it acts on.
//   - A Journal is what an operation has left on a node: the steps that are done, and where everything went.
//   - A Refusal says no, with a code for programs and the words for a person.
//
// Package survey takes evidence, package planner turns it into a plan or a refusal, and package executor carries a plan
// out.
package recovery
