package recovery

import (
	"errors"
)

// Code tells one kind of refusal from the others. Titles and texts are for people and may change; code and tests go by
// this.
type Code string

// CodeOf returns the code of the refusal in an error, "" where there is none.
func CodeOf(err error) Code {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

// What stands in the way of any plan: the nodes, and how they are reached.
const (
	// CodeUnreachable means that a node does not answer, and nobody says what its etcd does.
	CodeUnreachable Code = "unreachable"
	// CodeReachableFromPeers means that a node does not answer from here, while other nodes reach its etcd.
	CodeReachableFromPeers Code = "reachable-from-peers"
	// CodeAccessRefused means that a node answers and does not let itself be examined.
	CodeAccessRefused Code = "access-refused"
	// CodeUnknownNode means that an attribute names a node that was not surveyed.
	CodeUnknownNode Code = "unknown-node"
	// CodeNodeTwice means that one node is given twice.
	CodeNodeTwice Code = "node-twice"
	// CodeNodeNotReady means that the survey found problems on a node that keep a recovery from acting on it.
	CodeNodeNotReady Code = "node-not-ready"
	// CodeManagedElsewhere means that etcd on a node is run by another distribution, which recovers it itself.
	CodeManagedElsewhere Code = "managed-elsewhere"
	// CodeKubeletDown means that no kubelet runs that would start etcd again.
	CodeKubeletDown Code = "kubelet-down"
	// CodeManifestNotEditable means that etcd's manifest has a form that cannot be edited.
	CodeManifestNotEditable Code = "manifest-not-editable"
	// CodeLostNodeAnswers means that a node in lost_nodes answers over SSH.
	CodeLostNodeAnswers Code = "lost-node-answers"
	// CodeLostNodeServes means that other nodes reach the etcd of one that was given up.
	CodeLostNodeServes Code = "lost-node-serves"
	// CodeMemberNotSurveyed means that the data knows of a member that is none of the surveyed nodes.
	CodeMemberNotSurveyed Code = "member-not-surveyed"
)

// What the evidence says of the old cluster.
const (
	// CodeClusterAlive means that a quorum answers: there is nothing to force.
	CodeClusterAlive Code = "cluster-alive"
	// CodeMayBeAlive means that etcd runs on a node as the only voter of its cluster, or names a leader, and proves no
	// quorum.
	CodeMayBeAlive Code = "may-be-alive"
	// CodeClusterStartable means that enough voters have their data to be a quorum once they are started.
	CodeClusterStartable Code = "cluster-startable"
	// CodeMembersDiffer means that the members of a cluster with a quorum have different data at the same entry.
	CodeMembersDiffer Code = "members-differ"
	// CodeClusterBehind means that the cluster that answers never had data that another node has.
	CodeClusterBehind Code = "cluster-behind"
	// CodeDataNotFound means that no data was found, and that on some node it is not known where to look.
	CodeDataNotFound Code = "data-not-found"
	// CodeNoData means that no node has data.
	CodeNoData Code = "no-data"
	// CodeDataUnknown means that nodes answer, and it is not known whether they have data that makes a majority.
	CodeDataUnknown Code = "data-unknown"
	// CodeMemberTwice means that two nodes claim to be one member, or two clusters have one ID.
	CodeMemberTwice Code = "member-twice"
	// CodeMajorityLostAgain means that the node of a finished recovery has lost its data and no cluster answers.
	CodeMajorityLostAgain Code = "majority-lost-again"
)

// What is wrong with the choice of a seed.
const (
	// CodeSeedUndecided means that the evidence does not say which node to grow the cluster from.
	CodeSeedUndecided Code = "seed-undecided"
	// CodeOthersHaveMore means that a forced start would keep more on another node than on the one that is named.
	CodeOthersHaveMore Code = "others-have-more"
	// CodeNothingToAccept means that accept_less_than is set and no node is named.
	CodeNothingToAccept Code = "nothing-to-accept"
	// CodeSeedDamaged means that the data of the seed is damaged.
	CodeSeedDamaged Code = "seed-damaged"
	// CodeSeedEmpty means that the seed has no data that can be read.
	CodeSeedEmpty Code = "seed-empty"
	// CodeSeedLearner means that the seed is a learner, with which a forced start panics.
	CodeSeedLearner Code = "seed-learner"
	// CodeSeedRemoved means that the seed's member was removed from its cluster.
	CodeSeedRemoved Code = "seed-removed"
	// CodeImageTooOld means that a later version of etcd than the image's wrote the data.
	CodeImageTooOld Code = "image-too-old"
	// CodeMustRunFirst means that this version of etcd has to run, and be stopped in order, before it is forced.
	CodeMustRunFirst Code = "must-run-first"
	// CodeAuthEnabled means that etcd asks for a user and a password, without which members cannot be changed.
	CodeAuthEnabled Code = "auth-enabled"
	// CodeSeedDeniesClient means that etcd on the seed does not accept the client certificate.
	CodeSeedDeniesClient Code = "seed-denies-client"
	// CodeNoSpace means that there is no room for the copy of the data.
	CodeNoSpace Code = "no-space"
)

// What an earlier recovery, or another one, has to do with it.
const (
	// CodeLocked means that another operation holds the lock of a node.
	CodeLocked Code = "locked"
	// CodeLockLost means that somebody else has taken the lock over.
	CodeLockLost Code = "lock-lost"
	// CodeOtherUnfinished means that another recovery began to force a cluster and has not finished.
	CodeOtherUnfinished Code = "other-unfinished"
	// CodeOtherSeed means that this recovery was begun with another seed than the one that is named.
	CodeOtherSeed Code = "other-seed"
	// CodeRecoveryFinished means that this recovery is finished already.
	CodeRecoveryFinished Code = "recovery-finished"
	// CodeSeedFixed means that the node of a finished recovery was changed without a new recovery_id.
	CodeSeedFixed Code = "seed-fixed"
	// CodeMemberFixed means that a resource that was made for one node has another one in the configuration now.
	CodeMemberFixed Code = "member-fixed"
)

// What is not as it was planned.
const (
	// CodeNodeChanged means that a node is not as it was when the plan was made.
	CodeNodeChanged Code = "node-changed"
	// CodeClusterChanged means that the members of the cluster are not those that the plan was made for.
	CodeClusterChanged Code = "cluster-changed"
	// CodeNotPlanned means that the evidence was not known while planning: no plan has shown what would be done.
	CodeNotPlanned Code = "not-planned"
	// CodeProviderUnknown means that the provider's configuration is not known yet.
	CodeProviderUnknown Code = "provider-unknown"
)

// What keeps a node from joining.
const (
	// CodeNoClusterToJoin means that join is null.
	CodeNoClusterToJoin Code = "no-cluster-to-join"
	// CodeNoQuorum means that the cluster to join does not answer with a quorum.
	CodeNoQuorum Code = "no-quorum"
	// CodeOtherCluster means that another cluster answers than the one that was planned for.
	CodeOtherCluster Code = "other-cluster"
	// CodeAlarm means that the cluster has an alarm.
	CodeAlarm Code = "alarm"
	// CodeBehindAnotherJoin means that another member was added and has not started; the join may succeed when that one
	// has.
	CodeBehindAnotherJoin Code = "behind-another-join"
	// CodeLearnerInTheWay means that the cluster has another learner, and takes one at a time.
	CodeLearnerInTheWay Code = "learner-in-the-way"
	// CodePlaceTaken means that the name or the peer URL in the manifest is that of another member.
	CodePlaceTaken Code = "place-taken"
	// CodePeersOutOfReach means that the new member could not reach the others at their recorded addresses.
	CodePeersOutOfReach Code = "peers-out-of-reach"
	// CodeNeededForQuorum means that the cluster would lose its quorum if this member were stopped.
	CodeNeededForQuorum Code = "needed-for-quorum"
)

// What went wrong while a plan was carried out.
const (
	// CodeStepFailed means that a step failed with an error that is no refusal of its own.
	CodeStepFailed Code = "step-failed"
	// CodeProviderFault means that the provider itself failed in a step, which says nothing about the nodes.
	CodeProviderFault Code = "provider-fault"
	// CodeInterrupted means that the apply was interrupted.
	CodeInterrupted Code = "interrupted"
	// CodeTimeLimit means that the resource's timeout was reached.
	CodeTimeLimit Code = "time-limit"
	// CodeEtcdNotStopped means that etcd still runs after its manifest was taken out.
	CodeEtcdNotStopped Code = "etcd-not-stopped"
	// CodeCommitBehind means that the log of the stopped seed does not say that all is committed that its database has,
	// and that its etcd forgets the difference in a forced start.
	CodeCommitBehind Code = "commit-behind"
	// CodePortInUse means that something listens at etcd's address though no container of etcd runs.
	CodePortInUse Code = "port-in-use"
	// CodeEtcdNotStarted means that the kubelet started no container of the new manifest.
	CodeEtcdNotStarted Code = "etcd-not-started"
	// CodeEtcdExited means that etcd's new container has exited.
	CodeEtcdExited Code = "etcd-exited"
	// CodeOtherManifest means that etcd's new container was not made from the manifest that was written.
	CodeOtherManifest Code = "other-manifest"
	// CodeSeedServesOther means that the seed serves another cluster than its data is of.
	CodeSeedServesOther Code = "seed-serves-other"
	// CodeOldMembersLeft means that the forced cluster has other members than the seed.
	CodeOldMembersLeft Code = "old-members-left"
	// CodeForceNotTaken means that etcd's log does not say that it took the force flag.
	CodeForceNotTaken Code = "force-not-taken"
	// CodeForceInEffect means that etcd runs with the force flag after it was taken out.
	CodeForceInEffect Code = "force-in-effect"
	// CodeForceInManifest means that a manifest has the force flag.
	CodeForceInManifest Code = "force-in-manifest"
	// CodeOtherIdentity means that the new member runs under another ID than it was added with.
	CodeOtherIdentity Code = "other-identity"
	// CodeTwoClusters means that members of one cluster serve clusters with different IDs.
	CodeTwoClusters Code = "two-clusters"
	// CodeDataDiffers means that the members have different hashes at the same revision.
	CodeDataDiffers Code = "data-differs"
)
