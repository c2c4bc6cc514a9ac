package manifest

import (
	"strconv"
	"strings"
)

// The flags that this package reads or sets.
const (
	flagName                = "name"
	flagDataDir             = "data-dir"
	flagWALDir              = "wal-dir"
	flagAdvertisePeerURLs   = "initial-advertise-peer-urls"
	flagListenPeerURLs      = "listen-peer-urls"
	flagAdvertiseClientURLs = "advertise-client-urls"
	flagListenClientURLs    = "listen-client-urls"
	flagListenMetricsURLs   = "listen-metrics-urls"
	flagCertFile            = "cert-file"
	flagKeyFile             = "key-file"
	flagTrustedCAFile       = "trusted-ca-file"
	flagPeerCertFile        = "peer-cert-file"
	flagPeerKeyFile         = "peer-key-file"
	flagPeerTrustedCAFile   = "peer-trusted-ca-file"
	flagInitialCluster      = "initial-cluster"
	flagInitialClusterState = "initial-cluster-state"
	flagForceNewCluster     = "force-new-cluster"
	flagHeartbeatInterval   = "heartbeat-interval"
	flagElectionTimeout     = "election-timeout"
	flagConfigFile          = "config-file"
	flagFeatureGates        = "feature-gates"
)

// isNeeded tells the flags whose value must be in the text.
func isNeeded(name string) bool {
	switch name {
	case flagName, flagDataDir, flagWALDir,
		flagAdvertisePeerURLs, flagListenPeerURLs,
		flagAdvertiseClientURLs, flagListenClientURLs, flagListenMetricsURLs,
		flagCertFile, flagKeyFile, flagTrustedCAFile,
		flagPeerCertFile, flagPeerKeyFile, flagPeerTrustedCAFile,
		flagInitialCluster, flagInitialClusterState,
		flagForceNewCluster:
		return true
	}
	return false
}

// isDiscovery tells the flags that find a cluster by a discovery service. They
// clash with --initial-cluster and are refused when joining.
func isDiscovery(name string) bool {
	return name == "discovery" || strings.HasPrefix(name, "discovery-")
}

// isBool tells the flags of etcd 3.0 to 3.7 that take no value from the next
// argument.
func isBool(name string) bool {
	switch strings.TrimPrefix(name, "experimental-") {
	case flagForceNewCluster,
		"auto-tls", "peer-auto-tls", "client-cert-auth", "peer-client-cert-auth", "peer-skip-client-san-verification",
		"strict-reconfig-check", "pre-vote", "initial-election-tick-advance", "initial-corrupt-check",
		"compact-hash-check-enabled", "compact-check-time-enabled",
		"discovery-insecure-transport", "discovery-insecure-skip-tls-verify",
		"enable-distributed-tracing", "enable-grpc-gateway", "enable-log-rotation", "enable-pprof", "enable-v2",
		"enable-lease-checkpoint", "enable-lease-checkpoint-persist",
		"memory-mlock", "stop-grpc-service-on-defrag", "txn-mode-write-with-shared-buffer",
		"socket-reuse-address", "socket-reuse-port", "unsafe-no-fsync",
		"member-initialized", "debug", "version", "help", "h":
		return true
	}
	return false
}

// option is one flag as given on the command line.
type option struct {
	name, value string
	first, last int // the arguments that it takes up: one, or two for "--flag" "value"
}

// readOptions reads the flags as Go's flag package does for etcd.
func readOptions(argv []argument, from int) ([]option, error) {
	var options []option
	for i := from; i < len(argv); i++ {
		arg := argv[i].value
		if arg == "--" {
			if i+1 < len(argv) {
				return nil, at(
					ErrSyntax,
					argv[i+1].line(),
					"found %q behind \"--\"; etcd takes no arguments beside flags and exits",
					argv[i+1].value,
				)
			}
			break
		}
		o, next, err := readOption(argv, i)
		if err != nil {
			return nil, err
		}
		options, i = append(options, o), next
	}
	return options, nil
}

// readOption reads the flag that begins at an argument, and returns the last
// argument that it takes up.
func readOption(argv []argument, i int) (option, int, error) {
	arg, line := argv[i].value, argv[i].line()
	if !strings.HasPrefix(arg, "-") || arg == "-" {
		if strings.Contains(arg, "$") {
			return option{}, 0, at(
				ErrUnresolved,
				line,
				"found %q, which may stand for any flag; write the flags out",
				firstLine(arg),
			)
		}
		return option{}, 0, at(
			ErrSyntax,
			line,
			"found %q, which is no flag; etcd takes no other arguments and exits",
			firstLine(arg),
		)
	}
	text := strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-")
	name, value, assigned := strings.Cut(text, "=")
	switch {
	case name == "" || name[0] == '-':
		return option{}, 0, at(ErrSyntax, line, "found %q, which is no flag", firstLine(arg))
	case strings.ContainsAny(name, "$"):
		return option{}, 0, at(
			ErrUnresolved,
			line,
			"found %q, which may stand for any flag; write the flag out",
			firstLine(arg),
		)
	case strings.ContainsAny(name, " \t\r\n\\"):
		return option{}, 0, at(
			ErrSyntax,
			line,
			"found %q as one list item: etcd takes all of it for the flag's name; write --flag=value",
			firstLine(arg),
		)
	case strings.HasSuffix(arg, `\`):
		return option{}, 0, at(
			ErrSyntax,
			line,
			"found a backslash at the end of %q: there is no shell, it is part of the value; remove it",
			firstLine(arg),
		)
	}
	o := option{name: name, value: value, first: i, last: i}
	switch {
	case assigned:
	case isBool(name):
		o.value = "true"
	case i+1 < len(argv) && !takesValue(name) && isFlag(argv[i+1].value):
		return option{}, 0, at(
			ErrShape,
			line,
			"found --%s before %q: whether that is its value depends on etcd's version; write --%s=value",
			name,
			firstLine(argv[i+1].value),
			name,
		)
	case i+1 < len(argv):
		o.last = i + 1
		o.value = argv[o.last].value
		if strings.HasSuffix(o.value, `\`) {
			return option{}, 0, at(
				ErrSyntax,
				argv[o.last].line(),
				"found a backslash at the end of %q: there is no shell, it is part of the value; remove it",
				firstLine(o.value),
			)
		}
	case takesValue(name):
		return option{}, 0, at(ErrSyntax, line, "found --%s without a value", name)
	default:
		o.value = "true"
	}
	return o, o.last, checkValue(o.name, "--"+o.name, o.value, line)
}

// takesValue tells the flags that are known to need a value. etcd has more.
func takesValue(name string) bool {
	return name == flagConfigFile || !isBool(name) && (isNeeded(name) || isDiscovery(name))
}

// isFlag tells what looks like a flag. A negative number does not.
func isFlag(arg string) bool {
	return len(arg) >= 2 && arg[0] == '-' && (arg[1] < '0' || arg[1] > '9')
}

// checkValue refuses a value that cannot be what it seems. The setting is named as it is written.
func checkValue(flag, written, value string, line int) error {
	if !isNeeded(flag) {
		return nil
	}
	for _, mark := range []string{"$", "{{", "}}"} {
		if strings.Contains(value, mark) {
			return at(
				ErrUnresolved,
				line,
				"found %s=%s: what it stands for is not in the manifest; write the value out",
				written,
				firstLine(value),
			)
		}
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return at(ErrSyntax, line, "found a control character in the value of %s", written)
	}
	if flag == flagForceNewCluster {
		if _, err := strconv.ParseBool(value); err != nil {
			return at(ErrSyntax, line, "found %s=%s, which is neither true nor false", written, value)
		}
	}
	return nil
}
