package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// addPort makes a logical port of switch sw and an interface for it.
func (n *node) addPort(t *testing.T, name string) {
	t.Helper()
	n.Nbctl(t, "lsp-add", "sw", name, "--", "lsp-set-addresses", name, "unknown")
	n.until(t, "Port_Binding", name, "up", "false")
	n.Vsctl(t, "add-port", ovstest.Bridge, name, "--", "set", "Interface", name, "type=dummy", "external_ids:iface-id="+name)
}

// installed says when a port's flows were, by its interface; zero: they are not.
func (n *node) installed(name string) (time.Time, error) {
	is, err := n.Run("ovs-vsctl", "--if-exists", "get", "Interface", name, "external_ids:ovn-installed", "external_ids:ovn-installed-ts")
	lines := strings.Split(strings.ReplaceAll(is, "\"", ""), "\n")
	if err != nil || lines[0] != "true" {
		return time.Time{}, err
	}
	at, err := strconv.ParseInt(lines[1], 10, 64)
	return time.UnixMilli(at), err
}

func (n *node) untilInstalled(t *testing.T, name string, want bool) (at time.Time) {
	t.Helper()
	ovstest.Eventually(t, patience, func() (err error) {
		if at, err = n.installed(name); err == nil && at.IsZero() == want {
			err = fmt.Errorf("ovn-installed of %s since %v", name, at)
		}
		return err
	})
	return at
}

// A port comes up, and goes down with its interface; ovn-nbctl sees it.
func TestPortUp(t *testing.T) {
	n := newNode(t)
	n.Start(t, hostName)
	n.Nbctl(t, "ls-add", "sw")
	n.addPort(t, "p1")
	n.untilInstalled(t, "p1", true)
	n.until(t, "Port_Binding", "p1", "up", "true")
	n.Nbctl(t, "--wait=hv", "--timeout=30", "sync")
	if got := n.Nbctl(t, "lsp-get-up", "p1"); strings.TrimSpace(got) != "up" {
		t.Errorf("ovn-nbctl says that p1 is %s", got)
	}
	n.Vsctl(t, "remove", "Interface", "p1", "external_ids", "iface-id")
	n.until(t, "Port_Binding", "p1", "up", "false")
	n.until(t, "Port_Binding", "p1", "chassis", "[]")
	n.untilInstalled(t, "p1", false)
}

// up and ovn-installed wait for the flows of each source.
func TestPortUpWaitsForFlows(t *testing.T) {
	const held = 5 * time.Second
	for _, source := range []string{"lflow", "physical"} {
		t.Run(source, func(t *testing.T) {
			n := newNode(t)
			n.Start(t, hostName)
			n.Nbctl(t, "ls-add", "sw")
			n.addPort(t, "p1")
			n.untilInstalled(t, "p1", true)
			n.until(t, "Port_Binding", "p1", "up", "true")

			pid := n.pid(t, source)
			ovstest.Freeze(t, pid)
			resumed := time.AfterFunc(held, func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
			defer resumed.Stop()
			defer func() { _ = syscall.Kill(pid, syscall.SIGCONT) }()
			n.addPort(t, "p2")
			start := time.Now()
			n.until(t, "Port_Binding", "p2", "chassis", strings.TrimSpace(n.Sbctl(t, "get", "Chassis", "hv1", "_uuid")))
			if claimed := time.Since(start); claimed > held/2 {
				t.Errorf("the claim has taken %v", claimed)
			}
			for time.Since(start) < held/2 {
				at, err := n.installed("p2")
				up := strings.TrimSpace(n.Sbctl(t, "get", "Port_Binding", "p2", "up"))
				if !at.IsZero() || err != nil || up != "false" {
					t.Fatalf("while the flows are held up: ovn-installed since %v, up is %s, %v", at, up, err)
				}
			}
			if took := n.untilInstalled(t, "p2", true).Sub(start); took < held/2 {
				t.Errorf("ovn-installed after %v, though flows were held up for %v", took, held)
			}
			n.until(t, "Port_Binding", "p2", "up", "true")
		})
	}
}

// pid is that of a source's process.
func (n *node) pid(t *testing.T, name string) int {
	t.Helper()
	s, err := n.status()
	for _, p := range s.Plugins {
		if p.Name == name && p.PID > 0 {
			return p.PID
		}
	}
	t.Fatal(errors.Join(err, fmt.Errorf("source %s has no process in %+v", name, s.Plugins)))
	return 0
}

// Another node that takes itself for the same chassis releases what this one claims. They do not fight without pause, and the status says so.
func TestPortOfDouble(t *testing.T) {
	n := newNode(t)
	n.Start(t, hostName)
	n.Nbctl(t, "ls-add", "sw")
	n.addPort(t, "p1")
	n.untilInstalled(t, "p1", true)
	double := ovstest.Start(t, ovstest.Options{SB: n.SB()})
	double.Start(t, ovstest.Controller)
	n.untilStatus(t, "1 ports are wanted by others, too")

	before := n.writes(t)
	time.Sleep(3 * time.Second)
	if more := n.writes(t) - before; more > 30 { // two claims a second; each, that it is up, and the release are a transaction
		t.Errorf("%d transactions in 3 s", more)
	}
	double.Kill(t, ovstest.Controller)
	n.until(t, "Port_Binding", "p1", "up", "true")
	n.untilInstalled(t, "p1", true)
}

// writes is how many transactions the southbound database has seen.
func (n *node) writes(t *testing.T) (count int) {
	t.Helper()
	file := filepath.Join(n.Dir, "db", ovstest.Southbound+".db")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "OVSDB JSON ")
}
