// Package recovery is the vocabulary of a recovery of etcd. It does no I/O and decides nothing.
//
//   - Evidence is what was seen on one node, a survey that of all nodes at one time. What is looked for was seen, or
//     is proved to be absent, or is Unknown, with the reason.
//   - A Step is one line of the runbook, with an ID, the operation it belongs to, and the nodes it acts on.
//   - A Journal is what an operation has left on a node: the steps that are done, and where everything went. Its Phase
//     is how far that came, or how it ended; in a survey it is void when the data has had another life since.
//   - A lineage is one history of data. Two lineages are two clusters, even under one ID.
//   - A membership is who a lineage's members are, as one node knows it; the furthest is the one that knows most of
//     them.
//   - The census says which node is which member of which lineage, and whether it serves, has data, damaged data, none,
//     or whether that is not known. The verdict is what it adds up to, and the loss is what a forced start on a node
//     throws away. Package planner makes them.
//   - A Refusal says no, with a code for programs and the words for a person.
//
// Package survey takes evidence, package planner turns it into a plan or a refusal, and package executor carries a plan
// out.
package recovery
