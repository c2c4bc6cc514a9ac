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

// LockBeat is how often a holder shows that it is alive, and LockStale how long it must have been silent before its
// lock can be taken over. Both are measured with the master's own clock.
const (
	LockBeat  = 5 * time.Second
	LockStale = 30 * time.Second
)

// Locked says who holds the lock of a master.
type Locked struct {
	Master string
	Path   string
	Holder string        // the whole text of the lock; its first line is for people
	Silent time.Duration // since its last sign of life
}

func (l *Locked) Error() string {
	who, _, _ := strings.Cut(l.Holder, "\n")
	return fmt.Sprintf(
		"%v on %s: %s holds %s and gave its last sign of life %s ago",
		ErrLocked,
		l.Master,
		who,
		l.Path,
		l.Silent,
	)
}

func (l *Locked) Unwrap() error { return ErrLocked }

// LockPath is the lock file of this master.
func (n *Node) LockPath() string { return path.Join(n.WorkDir, "lock") }

// exitLocked is the exit code of a script that does nothing because of somebody else's lock.
const exitLocked = 73

// exitNoCopy is that of one which finds something else in the place of a copy.
const exitNoCopy = 74

func (n *Node) parseLock(out []byte) *Locked {
	age, holder, found := strings.Cut(string(out), " ")
	if !found {
		return nil
	}
	seconds, _ := strconv.Atoi(age)
	return &Locked{Master: n.Name, Path: n.LockPath(), Holder: holder, Silent: time.Duration(seconds) * time.Second}
}

// LockHeld tells who holds the master's lock; nil for nobody.
func (n *Node) LockHeld(ctx context.Context) (*Locked, error) {
	out, err := n.run(ctx, script("whole", "lock_age", "lock_held"), n.LockPath())
	if err != nil {
		return nil, err
	}
	return n.parseLock(out), nil
}

// Lock takes the master's lock for a holder, or takes it over from one that has been silent for LockStale, or from the
// holder dead, which is known to be gone ("" for nobody). The error is a *Locked when somebody else has it.
//
// One that is silent may only be asleep. So its lock is moved away first, from which moment on every change that it
// asks for is refused (see As), and then what it has running here is ended: it is known by holding that very file open.
func (n *Node) Lock(ctx context.Context, holder, dead string) error {
	text := script("whole", "lock_age", "end_users", "lock")
	out, err := n.run(ctx, text, n.LockPath(), holder, seconds(LockStale), dead)
	if exitCode(err) == exitLocked {
		return n.parseLock(out)
	}
	if err != nil {
		return fmt.Errorf("locking %s: %w", n.Name, err)
	}
	return nil
}

// As gives the master to a holder of its lock: whatever is changed through it is changed only while the lock is that
// holder's. The error is ErrLocked when it is not, and nothing was done.
func (n *Node) As(holder string) *Node {
	own := *n
	own.holder = holder
	return &own
}

// change carries out a script that changes something on the master.
func (n *Node) change(ctx context.Context, text string, args ...string) ([]byte, error) {
	if n.holder == "" {
		return n.run(ctx, text, args...)
	}
	out, err := n.run(ctx, assign("lock", n.LockPath(), "owner", n.holder)+script("whole", "guard")+text, args...)
	if exitCode(err) == exitLocked {
		return nil, fmt.Errorf("%w: the lock on %s is not ours any more", ErrLocked, n.Name)
	}
	return out, err
}

// Holds makes sure that the lock is still its holder's.
func (n *Node) Holds(ctx context.Context) error {
	_, err := n.change(ctx, "")
	return err
}

// TouchLock is the sign of life of a holder. ErrLocked when the lock is not its own any more.
func (n *Node) TouchLock(ctx context.Context) error {
	_, err := n.change(ctx, script("touch_lock"), n.LockPath())
	return err
}

// Unlock gives the lock back, if it is still the holder's. What a command that nobody waits for any more has left
// running is ended first; while it does not end, the lock stays.
func (n *Node) Unlock(ctx context.Context) error {
	_, err := n.change(ctx, script("whole", "end_users", "unlock"), n.LockPath(), n.holder)
	if errors.Is(err, ErrLocked) {
		return nil
	}
	return err
}
