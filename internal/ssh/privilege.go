package ssh

import (
	"fmt"
	"strings"
)

// Become says how commands get root's privilege.
type Become string

const (
	// BecomeSudo runs commands as they are for root, and through sudo for anybody else: without a password, or with the
	// one that is given.
	BecomeSudo Become = "sudo"
	// BecomeDoas is as BecomeSudo with OpenBSD's doas, which takes no password from a program.
	BecomeDoas Become = "doas"
	// BecomeNone runs commands as the user who logged in.
	BecomeNone Become = "none"
)

// way is how a user gets root's privilege on a server.
type way string

const (
	asIs       way = "as it is" // the user is root, or is to stay what it is
	throughIt  way = "through"  // sudo or doas, without a password; root goes without
	withSecret way = "password" // sudo, which asks for a password
)

// path is for logins that have none that is of use.
const path = `PATH="$PATH:/usr/local/bin:/usr/bin:/bin"; `

// asRoot is the command by which a user who is not root starts the shell. It is the same text each time, so that one
// line of sudoers or doas.conf allows exactly this.
func (c Config) asRoot(w way) string {
	switch {
	case c.Become == BecomeDoas:
		return "doas -n /bin/sh -s"
	case w == withSecret:
		return `sudo -k -S -p "" -- /bin/sh -s`
	}
	return "sudo -n -- /bin/sh -s"
}

// shell is the command that starts the shell which then reads the script. It holds nothing that a login shell of any
// kind (bash, csh, fish) reads otherwise than the others do, and no part of a script and no password is ever in an
// argument list.
func (c Config) shell(w way) string {
	const plain = "exec /bin/sh -s"
	switch w {
	case asIs:
		return plain
	case withSecret:
		return `exec /bin/sh -c '` + path + `exec ` + c.asRoot(w) + `'`
	}
	return `exec /bin/sh -c '` + path + `test "$(id -u)" = 0 && ` + plain + `; exec ` + c.asRoot(w) + `'`
}

// probe finds out whether sudo asks for the password, which it gets at most once: a server may lock a user out who
// gives it wrong too often, and what follows the password would be taken for the next try.
func (c Config) probe() string {
	return `exec /bin/sh -c '` + path +
		`test "$(id -u)" = 0 && echo "` + string(asIs) + `" && exit; ` +
		`sudo -k -n -- /bin/sh -s </dev/null 2>/dev/null && echo "` + string(throughIt) + `" && exit; ` +
		c.asRoot(withSecret) + ` && echo "` + string(withSecret) + `"'`
}

// rule is the line that grants what is missing.
func (c Config) rule() string {
	switch {
	case c.Become == BecomeDoas:
		return fmt.Sprintf("permit nopass %s as root cmd /bin/sh args -s    (in /etc/doas.conf)", c.User)
	case c.BecomePassword != "":
		return fmt.Sprintf("%s ALL=(root) /bin/sh -s    (visudo -f /etc/sudoers.d/etcdrecovery)", c.User)
	}
	return fmt.Sprintf("%s ALL=(root) NOPASSWD: /bin/sh -s    (visudo -f /etc/sudoers.d/etcdrecovery)", c.User)
}

// noShell makes an error of what was said in place of a script's beginning.
func (c Config) noShell(said string) error {
	program := "sudo"
	if c.Become == BecomeDoas {
		program = "doas"
	}
	if c.Become == BecomeNone || !strings.Contains(said, program) {
		return fmt.Errorf(
			"%w: user %s on %s gets no shell that reads a script (a login shell that refuses, or a ForceCommand in "+
				"sshd_config?). It said: %q",
			ErrPrivilege,
			c.User,
			c.Host,
			said,
		)
	}
	text := fmt.Sprintf("%s on %s may not become root with %s (%s).", c.User, c.Host, program, said)
	switch {
	case strings.Contains(said, "not found"):
		return fmt.Errorf("%w: %s Install it, log in as root, or choose another become_method", ErrPrivilege, text)
	case strings.Contains(said, "try again"),
		strings.Contains(said, "incorrect password"),
		strings.Contains(said, "no password was provided"):
		return fmt.Errorf("%w: %s Check become_password", ErrPrivilege, text)
	case strings.Contains(said, "password is required"):
		text += " Give become_password, or let it be without."
	case strings.Contains(said, "must have a tty"), strings.Contains(said, "a terminal is required"):
		text += " If sudoers has requiretty, add: Defaults:" + c.User + " !requiretty."
	}
	return fmt.Errorf("%w: %s This line allows it: %s", ErrPrivilege, text, c.rule())
}
