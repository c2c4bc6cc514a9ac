// Package situation makes worlds with a ground truth, and holds what the planner decides against it. It is for tests.
//
//   - A world has machines with disks, the histories of clusters, and what was acknowledged to clients.
//   - An event changes a world: founded, written to, killed, wiped, restored, forced by hand. A scenario is a list of
//     events, one a line, with the operator who meets the world at its end.
//   - The survey of a world is what package survey would see of it, gaps included.
//     TestReal carries worlds out on real etcd, and holds it against what a survey sees there.
//   - An operator plans, carries the plan out or does what the refusal advises, and plans again.
//   - A rule is a promise of the project. A broken one is a fault of the planner, or of the model.
package situation
