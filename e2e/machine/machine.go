package machine

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A Kind is what machines are made of.
type Kind string

const (
	Docker Kind = "docker"
	Local  Kind = "local"
)

// kindVariable names the environment variable that chooses the kind: docker, or local, which is the default because it needs no image.
const kindVariable = "FLOWHOST_E2E"

// runTimeout ends a script that hangs.
const runTimeout = 60 * time.Second

// A Network is a private network and the machines on it.
type Network struct {
	Kind   Kind
	driver driver
	prefix netip.Prefix
	last   netip.Addr // given to a machine
}

// A driver makes machines of one kind.
type driver interface {
	// start makes a machine with an interface eth0 that has the address.
	start(ctx context.Context, name string, address netip.Prefix) error
	// command is a program in the machine, not started.
	command(ctx context.Context, name string, args ...string) *exec.Cmd
	// stop ends all machines and removes the network.
	stop(ctx context.Context) error
}

// A Machine has a network interface eth0, and its own processes and /run.
type Machine struct {
	Name    string
	Address netip.Prefix // of eth0
	network *Network
}

// Start makes a network without machines, for the test. programs is a folder that machines have as /opt/flowhost; "" is none.
// The test is skipped where the kind that FLOWHOST_E2E asks for cannot be had; with CI=true or FLOWHOST_REQUIRE_OVS=1 it fails then.
func Start(t testing.TB, programs string) *Network {
	t.Helper()
	kind, why := choose(os.Getenv(kindVariable))
	if why != "" {
		report := t.Skipf
		if os.Getenv("CI") == "true" || os.Getenv("FLOWHOST_REQUIRE_OVS") == "1" {
			report = t.Fatalf
		}
		report("no machines for end-to-end tests: %s", why)
	}
	ctx, cancel := context.WithTimeout(context.Background(), imageTimeout)
	defer cancel()
	n := &Network{Kind: kind}
	var err error
	if kind == Docker {
		n.driver, n.prefix, err = newDocker(ctx, programs)
	} else {
		n.driver, n.prefix, err = newLocal(ctx, programs)
	}
	if err != nil {
		t.Fatal(err)
	}
	n.last = n.prefix.Addr().Next() // the first one is the engine's own
	t.Cleanup(func() {
		if err := n.driver.stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return n
}

// choose returns the kind that is asked for, and why it cannot be had, or "".
func choose(asked string) (kind Kind, why string) {
	switch Kind(asked) {
	case Docker:
		return Docker, dockerMissing()
	case Local, "":
		return Local, localMissing()
	}
	return "", fmt.Sprintf("%s=%s; it is docker or local", kindVariable, asked)
}

// Machine starts another machine.
func (n *Network) Machine(t testing.TB, name string) *Machine {
	t.Helper()
	n.last = n.last.Next()
	m := &Machine{Name: name, Address: netip.PrefixFrom(n.last, n.prefix.Bits()), network: n}
	if err := n.driver.start(t.Context(), name, m.Address); err != nil {
		t.Fatalf("start machine %s: %v", name, err)
	}
	return m
}

// IP is the machine's address on the network.
func (m *Machine) IP() string { return m.Address.Addr().String() }

// Command is a program on the machine, not started; it ends with ctx.
func (m *Machine) Command(ctx context.Context, args ...string) *exec.Cmd {
	return m.network.driver.command(ctx, m.Name, args...)
}

// Try runs a shell script on the machine, which ends at the first command that fails, and returns what it prints. The error
// has the end of what it says on standard error.
func (m *Machine) Try(script string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	cmd := m.Command(ctx, "bash", "-euo", "pipefail", "-c", script)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("on %s: %w: %s\n%s", m.Name, err, strings.TrimSpace(stderr.String()), script)
	}
	return string(out), err
}

// Run is Try in a test: it ends the test when the script fails.
func (m *Machine) Run(t testing.TB, script string) string {
	t.Helper()
	out, err := m.Try(script)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
