package executor

import (
	"context"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// Look takes a survey on which can be decided.
func Look(ctx context.Context, nodes map[string]*node.Node, now time.Time) recovery.Survey {
	return twice(ctx, func() recovery.Survey { return survey.Take(ctx, nodes, now) })
}

// twice takes a survey once more where the first one says that a cluster answers and lacks data that a node has. A
// member that is stopped in the middle of a survey looks so: the status of the others is older than its disk.
func twice(ctx context.Context, take func() recovery.Survey) recovery.Survey {
	s := take()
	if len(planner.Judge(s, "").Ahead) == 0 || ctx.Err() != nil {
		return s
	}
	return take()
}
