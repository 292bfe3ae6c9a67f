package cloud

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/e2e/machine"
)

// host is a machine with daemons.
type host struct {
	*machine.Machine
	daemons map[string]string // the script that starts each in the background, by its name
	setup   string            // script that goes before each of them
}

// newHost prepares a machine: what daemons have is in /run, in folders by what the tools look for, and databases beside them.
func newHost(t testing.TB, m *machine.Machine) host {
	m.Run(t, `mkdir -p /run/openvswitch /run/ovn /run/db /run/log
		ethtool -K eth0 tx off >/dev/null # checksums that are left to hardware are never filled in here`)
	return host{Machine: m, daemons: map[string]string{}}
}

// pidfile is where ovs-appctl and ovn-appctl look for it.
func pidfile(name string) string {
	if strings.HasPrefix(name, "ovn") {
		return "/run/ovn/" + name + ".pid"
	}
	return "/run/openvswitch/" + name + ".pid"
}

// detached is the script that starts a daemon of Open vSwitch's or OVN's, which returns when it serves.
func detached(name, command string) string {
	return fmt.Sprintf("%s --pidfile=%s --log-file=/run/log/%s.log -vconsole:off --detach --no-chdir", command, pidfile(name), name)
}

// database is the script that starts an ovsdb-server on the database of its name.
func database(name string, remotes ...string) string {
	command := fmt.Sprintf("ovsdb-server /run/db/%s.db --unixctl=/run/openvswitch/%s.ctl", name, name)
	for _, r := range remotes {
		command += " --remote=" + r
	}
	return detached(name, command)
}

// Setup has a script run before each start of a daemon from now on, in the same shell: for variables of the environment.
func (h *host) Setup(script string) { h.setup = script }

// add remembers how a daemon is started, and starts it.
func (h *host) add(t testing.TB, name, script string) {
	t.Helper()
	h.daemons[name] = script
	h.Start(t, name)
}

// Start starts daemons that were stopped or killed, one after the other, with the databases they had.
func (h *host) Start(t testing.TB, names ...string) {
	t.Helper()
	var scripts []string
	for _, name := range names {
		script, ok := h.daemons[name]
		if !ok {
			t.Fatalf("%s has no %s", h.Name, name)
		}
		scripts = append(scripts, script)
	}
	h.Run(t, h.setup+"\n"+strings.Join(scripts, "\n"))
}

// Signal sends a signal, e.g. KILL or STOP. After KILL and TERM it waits until the daemon is gone.
func (h *host) Signal(t testing.TB, name, signal string) {
	t.Helper()
	h.Run(t, signalScript(name, signal))
}

func signalScript(name, signal string) string {
	script := fmt.Sprintf("pid=$(cat %s); kill -%s $pid", pidfile(name), signal)
	if signal == "KILL" || signal == "TERM" {
		script += "; while kill -0 $pid 2>/dev/null; do sleep 0.02; done"
	}
	return script
}

// Restart kills daemons with SIGKILL, all before the first is started again, with nothing in between.
func (h *host) Restart(t testing.TB, names ...string) {
	t.Helper()
	var scripts []string
	for _, name := range names {
		scripts = append(scripts, signalScript(name, "KILL"))
	}
	scripts = append(scripts, h.setup)
	for _, name := range names {
		scripts = append(scripts, h.daemons[name])
	}
	h.Run(t, strings.Join(scripts, "\n"))
}

// logs are the ends of all logs, for a test that failed.
func (h *host) logs(t testing.TB) {
	out, err := h.Try("cd /run/log; for f in *.log; do echo \"== $f\"; tail -n 15 $f; done")
	t.Logf("logs of %s (%v):\n%s", h.Name, err, strings.TrimSpace(out))
}
