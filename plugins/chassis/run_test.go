package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// patience is how long anything may take, on a machine that runs other tests, too.
const patience = 30 * time.Second

// hostName names flowhost among a sandbox's daemons.
const hostName = "flowhost"

// programs are flowhost and its sources.
var programs = ovstest.Programs{Commands: map[string]string{
	"flowhost":                 "../../cmd/host",
	"flowhost-plugin-chassis":  ".",
	"flowhost-plugin-lflow":    "../lflow",
	"flowhost-plugin-physical": "../physical",
	"flowhost-plugin-neighbor": "../neighbor",
}}

func TestMain(m *testing.M) {
	code := m.Run()
	programs.Remove()
	os.Exit(code)
}

// node is a sandbox with flowhost and its sources on it, and no ovn-controller.
type node struct {
	*ovstest.Sandbox
	cli   string
	flags []string // of flowhost, for run and cleanup
}

// newNode makes a node. flowhost is not started yet.
func newNode(t *testing.T) *node {
	t.Helper()
	n := &node{Sandbox: ovstest.Start(t, ovstest.Options{OVN: true})}
	folder := programs.Folder(t)
	n.cli = filepath.Join(folder, "flowhost")
	n.flags = []string{"--bridge=" + ovstest.Bridge, "--switch=" + n.Mgmt(ovstest.Bridge), "--ovsdb=" + n.OVSDB(),
		"--socket=" + n.socket(), "--state-dir=" + filepath.Join(n.Dir, "state")}
	for _, name := range []string{"lflow", "physical", "neighbor", "chassis"} {
		n.flags = append(n.flags, "--plugin="+name+"="+filepath.Join(folder, "flowhost-plugin-"+name))
	}
	answers := func() error { _, err := n.status(); return err }
	n.Add(ovstest.Daemon{Name: hostName, Program: n.cli, Args: append([]string{"run"}, n.flags...), Ready: answers})
	return n
}

func (n *node) socket() string { return filepath.Join(n.Dir, "run", hostName+".sock") }

func (n *node) status() (s admin.Status, err error) {
	out, err := n.Run(n.cli, "status", "-o", "json", "--socket="+n.socket())
	if err == nil {
		err = json.Unmarshal([]byte(out), &s)
	}
	return s, err
}

// says is what the source chassis says of itself.
func (n *node) says() (string, error) {
	s, err := n.status()
	for _, p := range s.Plugins {
		if p.Name == "chassis" {
			return p.Says, err
		}
	}
	return "", err
}

// untilStatus waits until the source chassis says a text.
func (n *node) untilStatus(t *testing.T, text string) {
	t.Helper()
	ovstest.Eventually(t, patience, func() error {
		if says, err := n.says(); err != nil || !strings.Contains(says, text) {
			return fmt.Errorf("says %q, %v; want %q", says, err, text)
		}
		return nil
	})
}

// until waits until a column of the southbound database has a value.
func (n *node) until(t *testing.T, table, record, column, want string) {
	t.Helper()
	ovstest.Eventually(t, patience, func() error {
		got, err := n.Run("ovn-sbctl", "get", table, record, column)
		if got = strings.TrimSpace(got); err != nil || got != want {
			return errors.Join(err, fmt.Errorf("%s %s has %s %s, want %s", table, record, column, got, want))
		}
		return nil
	})
}

// A node with nothing but flowhost makes its bridge, registers, and acknowledges.
func TestNode(t *testing.T) {
	n := newNode(t)
	n.Vsctl(t, "del-br", ovstest.Bridge)
	n.Start(t, hostName)
	n.until(t, "Chassis_Private", "hv1", "name", "hv1")
	n.Nbctl(t, "--wait=hv", "--timeout=30", "sync")
	n.until(t, "Chassis_Private", "hv1", "nb_cfg", "1")
	n.untilStatus(t, "following the southbound database")
	got := n.Vsctl(t, "get", "Bridge", ovstest.Bridge, "fail_mode", "datapath_type", "other_config")
	if want := "secure\nsystem\n{disable-in-band=\"true\"}\n"; got != want {
		t.Errorf("the bridge is made with %s, want %s", got, want)
	}
	ovstest.Eventually(t, patience, func() error {
		if got := n.Vsctl(t, "get", "Open_vSwitch", ".", "datapaths:system"); got == "" {
			return errors.New("no datapath")
		}
		if got := n.Vsctl(t, "get", "Bridge", ovstest.Bridge, "external_ids:ovn-nb-cfg"); got != "\"1\"\n" {
			return fmt.Errorf("the bridge's nb_cfg is %s", got)
		}
		return nil
	})

	n.Vsctl(t, "del-br", ovstest.Bridge) // it comes back, and so do the flows
	ovstest.Eventually(t, patience, func() error {
		_, err := n.Run("ovs-vsctl", "br-exists", ovstest.Bridge)
		return err
	})
	n.Nbctl(t, "--wait=hv", "--timeout=30", "sync")
	if flows := n.Flows(t, ovstest.Bridge); len(flows) == 0 {
		t.Error("the bridge has no flows")
	}
}

// nb_cfg waits for the flows of each source: with one held up, so is who waits for the node.
func TestProgressWaitsForFlows(t *testing.T) {
	n := newNode(t)
	n.Start(t, hostName)
	n.until(t, "Chassis_Private", "hv1", "name", "hv1")
	n.Nbctl(t, "--wait=hv", "--timeout=30", "sync")
	for _, source := range []string{"lflow", "physical", "neighbor"} {
		const held = 5 * time.Second
		pid := n.pid(t, source)
		ovstest.Freeze(t, pid)
		resumed := time.AfterFunc(held, func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
		start := time.Now()
		n.Nbctl(t, "--wait=hv", "--timeout=30", "sync")
		if took := time.Since(start); took < held {
			t.Errorf("acknowledged after %v, with %s held up for %v", took, source, held)
		}
		resumed.Stop()
	}
}

// Settings count at once, and rows that somebody else has changed are put back.
func TestSettings(t *testing.T) {
	n := newNode(t)
	n.Start(t, hostName)
	n.until(t, "Chassis", "hv1", "hostname", "hv1")
	n.Vsctl(t, "set", "Open_vSwitch", ".", "external_ids:ovn-encap-ip=127.0.0.1,127.0.0.2", "external_ids:ovn-transport-zones=a,b",
		"external_ids:hostname=other")
	n.until(t, "Chassis", "hv1", "hostname", "other")
	n.until(t, "Chassis", "hv1", "transport_zones", "[a, b]")
	if got := strings.Fields(n.Sbctl(t, "--bare", "--columns=ip", "list", "Encap")); len(got) != 2 {
		t.Errorf("encapsulations %v", got)
	}
	n.Sbctl(t, "set", "Chassis", "hv1", "hostname=mine")
	n.until(t, "Chassis", "hv1", "hostname", "other")
	n.Sbctl(t, "destroy", "Chassis", "hv1")
	n.until(t, "Chassis", "hv1", "hostname", "other")
	n.Sbctl(t, "chassis-add", "rival", "geneve", "127.0.0.3")
	n.Vsctl(t, "set", "Open_vSwitch", ".", "external_ids:ovn-encap-ip=127.0.0.3")
	n.untilStatus(t, "chassis rival has the encapsulation geneve 127.0.0.3 already")
	n.Sbctl(t, "chassis-del", "rival")
	n.untilStatus(t, "following the southbound database")
	ovstest.Eventually(t, patience, func() error {
		got, err := n.Run("ovn-sbctl", "--bare", "--columns=chassis_name,ip", "list", "Encap")
		if err != nil || strings.Join(strings.Fields(got), " ") != "hv1 127.0.0.3" {
			return fmt.Errorf("encapsulations %q, %v", got, err)
		}
		return nil
	})
}

// A node that was stopped keeps its rows and flows; one that is cleaned up has none, and the bridge stays.
func TestCleanup(t *testing.T) {
	n := newNode(t)
	n.Start(t, hostName)
	n.until(t, "Chassis", "hv1", "hostname", "hv1")
	n.Nbctl(t, "ls-add", "sw")
	n.addPort(t, "p1")
	n.until(t, "Port_Binding", "p1", "up", "true")
	clean := func() (string, error) { return n.Run(n.cli, append([]string{"cleanup"}, n.flags...)...) }
	if _, err := clean(); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("while the host runs: %v", err)
	}
	n.Stop(t, hostName)
	n.until(t, "Port_Binding", "p1", "up", "true")
	n.until(t, "Chassis", "hv1", "hostname", "hv1")
	out, err := clean()
	for _, want := range []string{"removed Chassis hv1", "removed up of ports", "of external_ids of bridge br-int", " flows, "} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("cleanup says %v, %s; want %s", err, out, want)
		}
	}
	n.until(t, "Port_Binding", "p1", "up", "false")
	if rows, flows := n.Sbctl(t, "list", "Chassis"), n.Flows(t, ovstest.Bridge); rows != "" || len(flows) != 0 {
		t.Errorf("left: %s, %d flows", rows, len(flows))
	}
}

// An ovn-controller that takes itself for the same chassis is noticed and told, and not fought with: the pauses grow.
func TestRival(t *testing.T) {
	n := newNode(t)
	n.Start(t, hostName)
	n.until(t, "Chassis", "hv1", "hostname", "hv1")
	n.StartController(t)
	n.untilStatus(t, "somebody else writes external_ids of bridge br-int of hv1, too")
	time.Sleep(5 * time.Second) // 1 s, 2 s, 4 s
	for times := range 9 {
		if says, _ := n.says(); strings.Contains(says, fmt.Sprintf("has undone it %d times", times)) {
			n.Stop(t, ovstest.Controller)
			return
		}
	}
	says, err := n.says()
	t.Errorf("after 5 s: %s, %v", says, err)
}

// With a database gone and back, nothing is written twice and nothing is forgotten.
func TestDatabasesRestart(t *testing.T) {
	n := newNode(t)
	n.Start(t, hostName)
	n.until(t, "Chassis", "hv1", "hostname", "hv1")
	for i, database := range []string{ovstest.Southbound, ovstest.OVSDB} {
		n.Kill(t, database)
		ovstest.Eventually(t, patience, func() error {
			if says, err := n.says(); err != nil || !strings.Contains(says, "waiting for the") {
				return fmt.Errorf("says %q, %v", says, err)
			}
			return nil
		})
		if database == ovstest.Southbound {
			n.Vsctl(t, "set", "Open_vSwitch", ".", "external_ids:hostname=other", "external_ids:ovn-encap-type=geneve,vxlan")
		} else {
			n.Sbctl(t, "set", "Chassis", "hv1", "hostname=mine")
		}
		n.Start(t, database)
		n.until(t, "Chassis", "hv1", "hostname", "other")
		if got := strings.Fields(n.Sbctl(t, "--bare", "--columns=type", "list", "Encap")); len(got) != 2 {
			t.Errorf("restart %d: encapsulations %v", i, got)
		}
	}
	n.Nbctl(t, "--wait=hv", "--timeout=30", "sync")
	out, err := n.Run(n.cli, "plugins", "command", "--socket="+n.socket(), "chassis", "problems")
	if err != nil || strings.TrimSpace(out) != "" {
		t.Errorf("problems: %s, %v", out, err)
	}
}
