package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// hostName names flowhost among a sandbox's daemons.
const hostName = "flowhost"

// settle is how long anything may take to be in the switch, on a machine that runs other tests, too.
const settle = 30 * time.Second

// programs are flowhost and sources.
var programs = ovstest.Programs{Commands: map[string]string{
	"flowhost":                 "../cmd/host",
	"flowhost-plugin-neighbor": "../plugins/neighbor",
	"flowhost-plugin-chassis":  "../plugins/chassis",
	"testsource":               "./testsource",
}}

func TestMain(m *testing.M) {
	code := m.Run()
	programs.Remove()
	os.Exit(code)
}

// program is the path of one of programs.
func program(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join(programs.Folder(t), name)
}

// host is a sandbox with flowhost on its bridge.
type host struct {
	*ovstest.Sandbox
	cli string // path of flowhost
}

// newHost adds flowhost to a sandbox, with further arguments of `flowhost run`. It is not started yet.
func newHost(t testing.TB, s *ovstest.Sandbox, args ...string) *host {
	h := &host{Sandbox: s, cli: program(t, "flowhost")}
	h.addHost(hostName, h.cli, args...)
	return h
}

// addHost makes another binary of flowhost a daemon of the sandbox, in place of the one that newHost has added: both cannot run
// at a time.
func (h *host) addHost(name, program string, args ...string) {
	h.Add(ovstest.Daemon{
		Name:    name,
		Program: program,
		Args: append([]string{"run",
			"--bridge=" + ovstest.Bridge,
			"--switch=" + h.Mgmt(ovstest.Bridge),
			"--ovsdb=" + h.OVSDB(),
			"--socket=" + h.socket(),
			"--state-dir=" + filepath.Join(h.Dir, "state"),
		}, args...),
		Ready: h.answers,
	})
}

func (h *host) socket() string { return filepath.Join(h.Dir, "run", hostName+".sock") }

// answers returns why flowhost cannot be asked.
func (h *host) answers() error {
	_, err := h.status()
	return err
}

// status is what `flowhost status` says.
func (h *host) status() (s admin.Status, err error) {
	out, err := h.Run(h.cli, "status", "-o", "json", "--socket="+h.socket())
	if err == nil {
		err = json.Unmarshal([]byte(out), &s)
	}
	return s, err
}

// processOf is the process of a plugin; 0 while it has none.
func processOf(s admin.Status, name string) int {
	for _, p := range s.Plugins {
		if p.Name == name {
			return p.PID
		}
	}
	return 0
}

// awaitReady waits until flowhost is ready, and its plugin another process than the one given.
func (h *host) awaitReady(t testing.TB, plugin string, before int) (pid int) {
	t.Helper()
	ovstest.Eventually(t, settle, func() error {
		s, err := h.status()
		if err != nil {
			return err
		}
		if pid = processOf(s, plugin); pid == 0 || pid == before || !s.Ready {
			return fmt.Errorf("flowhost says %+v", s)
		}
		return nil
	})
	return pid
}
