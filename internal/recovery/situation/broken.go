package situation

import (
	"fmt"
)

// rule is a promise of the project.
type rule string

const (
	noLostWrite rule = "lost-write"   // none that a disk still has, unless that was given up by name
	oneCluster  rule = "two-clusters" // never do two take writes that both count
	wholeCopy   rule = "whole-copy"   // nothing of the best data is moved or overwritten without a copy that is named
	keepsQuorum rule = "quorum"       // a cluster that lives is not stopped
	wayOn       rule = "way-on"       // what is advised leads to a recovered cluster, or to a final word
	noFlag      rule = "flag"         // is anywhere at the end
	truthful    rule = "truthful"     // lost is said of what is lost, and a second plan is empty
	noPanic     rule = "panic"        // in the planner
	wellFormed  rule = "model"        // a plan is one that the model can carry out
)

// broken is a rule that did not hold.
type broken struct {
	rule rule
	kind string // what was wrong, in one word: faults of one kind are counted together
	text string
}

func (b *broken) Error() string { return fmt.Sprintf("%s (%s): %s", b.rule, b.kind, b.text) }

// name is what a list of known faults goes by.
func (b *broken) name() string { return string(b.rule) + "/" + b.kind }
