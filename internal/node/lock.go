package node

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
)

// ErrLocked is a lock that somebody else holds.
var ErrLocked = errors.New("somebody else is at work")

// LockBeat is how often a holder shows that it is alive, and LockStale how long it may be silent before its lock is taken over. Both are
// measured with the master's own clock.
const (
	LockBeat  = 5 * time.Second
	LockStale = 30 * time.Second
)

// Locked says who holds the lock of a master.
type Locked struct {
	Master string
	Path   string
	Holder string
	Silent time.Duration // since its last sign of life
}

func (l *Locked) Error() string {
	return fmt.Sprintf("%v on %s: %s holds %s and gave its last sign of life %s ago", ErrLocked, l.Master, l.Holder, l.Path, l.Silent)
}

func (l *Locked) Unwrap() error { return ErrLocked }

// LockPath is the lock file of this master.
func (n *Node) LockPath() string { return path.Join(n.WorkDir, "lock") }

// Lock takes the master's lock for a holder, or takes it over from one that has been silent for LockStale, or from the holder dead, which
// is known to be gone ("" for nobody). The error is a *Locked when somebody else has it.
func (n *Node) Lock(ctx context.Context, holder, dead string) error {
	out, err := n.run(ctx, `mkdir -p "$(dirname "$1")" || exit 1
for try in 1 2 3; do
  if ( set -C; printf '%s' "$2" >"$1" ) 2>/dev/null; then exit 0; fi
  have=$(cat "$1" 2>/dev/null) || continue
  [ "$have" != "$2" ] || exit 0
  at=$(stat -c %Y "$1" 2>/dev/null) || continue
  age=$(($(date +%s) - at))
  if [ "$age" -lt "$3" ] && { [ -z "$4" ] || [ "$have" != "$4" ]; }; then printf '%s %s' "$age" "$have"; exit 73; fi
  # Somebody else may have taken it over since it was read: then it is put back.
  mv "$1" "$1.stale.$$" 2>/dev/null || continue
  if [ "$(cat "$1.stale.$$")" = "$have" ]; then rm -f "$1.stale.$$"; else ln "$1.stale.$$" "$1"; rm -f "$1.stale.$$"; fi
done
echo "cannot make $1" >&2; exit 1`, n.LockPath(), holder, seconds(LockStale), dead)
	if exitCode(err) == 73 {
		age, have, _ := strings.Cut(string(out), " ")
		seconds, _ := strconv.Atoi(age)
		return &Locked{Master: n.Name, Path: n.LockPath(), Holder: have, Silent: time.Duration(seconds) * time.Second}
	}
	if err != nil {
		return fmt.Errorf("locking %s: %w", n.Name, err)
	}
	return nil
}

// TouchLock is the sign of life of a holder. ErrLocked when the lock is not its own any more.
func (n *Node) TouchLock(ctx context.Context, holder string) error {
	_, err := n.run(ctx, `[ "$(cat "$1")" = "$2" ] || exit 73; touch "$1"`, n.LockPath(), holder)
	if exitCode(err) == 73 {
		return fmt.Errorf("%w: the lock on %s was taken over", ErrLocked, n.Name)
	}
	return err
}

// Unlock gives the lock back, if it is still the holder's.
func (n *Node) Unlock(ctx context.Context, holder string) error {
	_, err := n.run(ctx, `[ "$(cat "$1" 2>/dev/null)" != "$2" ] || rm -f "$1"`, n.LockPath(), holder)
	return err
}
