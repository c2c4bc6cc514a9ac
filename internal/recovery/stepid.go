package recovery

// Operation is what a list of steps does as a whole.
type Operation string

// The operations.
const (
	OperationSeed   Operation = "seed"   // a new cluster is grown from the data of one node
	OperationMember Operation = "member" // one node joins a living cluster
)

// StepID tells a step from the others of its operation. Journals keep it, so a value that was released stays.
type StepID string

// The steps that both operations have.
const (
	StepLock    StepID = "lock"
	StepCheck   StepID = "check"
	StepConfirm StepID = "confirm"
)

// The steps of a seed alone.
const (
	StepStopOthers StepID = "stop-others"
	StepStopSeed   StepID = "stop-seed"
	StepCopy       StepID = "copy"
	StepForce      StepID = "force"
	StepUnforce    StepID = "unforce"
	StepPeerURL    StepID = "peer-url"
)

// The steps of a member alone.
const (
	StepStop        StepID = "stop"
	StepRemoveStale StepID = "remove-stale"
	StepMoveAside   StepID = "move-aside"
	StepAddLearner  StepID = "add-learner"
	StepStart       StepID = "start"
	StepCatchUp     StepID = "catch-up"
	StepPromote     StepID = "promote"
)
