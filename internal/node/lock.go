package node

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
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

// lockAge prints the age of the lock $1 in seconds and its text, if it is there.
const lockAge = `
lock_age() { at=$(stat -c %Y "$1" 2>/dev/null) && printf '%s %s' "$(($(date +%s) - at))" "$(cat "$1")"; }
`

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
	out, err := n.run(ctx, lockAge+`lock_age "$1"; exit 0`, n.LockPath())
	if err != nil {
		return nil, err
	}
	return n.parseLock(out), nil
}

// endUsers ends whatever holds the file $1 open as As does, and waits until it is gone.
const endUsers = `
users() { for f in /proc/[0-9]*/fd/9; do [ "$f" -ef "$1" ] && f=${f#/proc/} && echo "${f%%/*}"; done; }
end_users() {
  for look in 1 2 3 4 5 6 7 8 9 10; do
    at_work=$(users "$1"); [ -n "$at_work" ] || return 0
    kill -KILL $at_work 2>/dev/null; sleep 0.1
  done
  echo "processes of the last holder do not end:" $at_work >&2; return 1
}
`

// Lock takes the master's lock for a holder, or takes it over from one that has been silent for LockStale, or from the
// holder dead, which is known to be gone ("" for nobody). The error is a *Locked when somebody else has it.
//
// One that is silent may only be asleep. So its lock is moved away first, from which moment on every change that it
// asks for is refused (see As), and then what it has running here is ended: it is known by holding that very file open.
func (n *Node) Lock(ctx context.Context, holder, dead string) error {
	out, err := n.run(ctx, lockAge+endUsers+`
mkdir -p "${1%/*}/" || exit 1
for try in 1 2 3; do
  # It appears as a whole or not at all, also on a full disk.
  printf '%s' "$2" >"$1.new.$$" && [ "$(cat "$1.new.$$")" = "$2" ] || { rm -f "$1.new.$$"; continue; }
  if ln "$1.new.$$" "$1" 2>/dev/null; then
    # Somebody who takes it over beside us may not have ended yet what the last holder has running.
    for f in "$1".stale.*; do [ ! -e "$f" ] || end_users "$f" || { rm -f "$1" "$1.new.$$"; exit 1; }; done
    rm -f "$1".new.* "$1".stale.*; exit 0
  fi
  rm -f "$1.new.$$"
  have=$(cat "$1" 2>/dev/null) || continue
  [ "$have" != "$2" ] || exit 0
  state=$(lock_age "$1") || continue
  if [ "${state%% *}" -lt "$3" ] && { [ -z "$4" ] || [ "$have" != "$4" ]; }; then printf '%s' "$state"; exit 73; fi
  mv "$1" "$1.stale.$$" 2>/dev/null || continue
  # Somebody else may have taken it over since it was read: then it is put back.
  if [ "$(cat "$1.stale.$$")" = "$have" ] && end_users "$1.stale.$$"; then rm -f "$1.stale.$$"; else ln "$1.stale.$$" "$1"; rm -f "$1.stale.$$"; fi
done
echo "cannot make $1" >&2; exit 1`, n.LockPath(), holder, seconds(LockStale), dead)
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

// guard goes before a script that changes something. It holds the lock open while the script is at work, by which Lock
// finds it.
const guard = `{ command exec 9<%[1]s; } 2>/dev/null && [ "$(cat <&9)" = %[2]s ] || exit 73
`

// change carries out a script that changes something on the master.
func (n *Node) change(ctx context.Context, script string, args ...string) ([]byte, error) {
	if n.holder == "" {
		return n.run(ctx, script, args...)
	}
	out, err := n.run(ctx, fmt.Sprintf(guard, ssh.Quote(n.LockPath()), ssh.Quote(n.holder))+script, args...)
	if exitCode(err) == exitLocked {
		return nil, fmt.Errorf("%w: the lock on %s is not ours any more", ErrLocked, n.Name)
	}
	return out, err
}

// Holds makes sure that the lock is still its holder's.
func (n *Node) Holds(ctx context.Context) error {
	_, err := n.change(ctx, `exit 0`)
	return err
}

// TouchLock is the sign of life of a holder. ErrLocked when the lock is not its own any more.
func (n *Node) TouchLock(ctx context.Context) error {
	_, err := n.change(ctx, `touch -c "$1"`, n.LockPath())
	return err
}

// Unlock gives the lock back, if it is still the holder's. What a command that nobody waits for any more has left
// running is ended first.
func (n *Node) Unlock(ctx context.Context) error {
	_, err := n.change(ctx, endUsers+`exec 9<&-; end_users "$1"
[ "$(cat "$1" 2>/dev/null)" != "$2" ] || rm -f "$1"`, n.LockPath(), n.holder)
	if errors.Is(err, ErrLocked) {
		return nil
	}
	return err
}
