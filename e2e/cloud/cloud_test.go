package cloud_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/flowhost/flowhost/e2e/cloud"
	"github.com/flowhost/flowhost/e2e/machine"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// network is two switches joined by a router; the first one has a port on each node.
var network = []string{
	"lr-add lr0",
	"ls-add ls0", "lrp-add lr0 lr0-ls0 0a:ff:00:00:00:00 10.0.0.254/24",
	"lsp-add ls0 ls0-lr0", "lsp-set-type ls0-lr0 router", "lsp-set-addresses ls0-lr0 router", "lsp-set-options ls0-lr0 router-port=lr0-ls0",
	"ls-add ls1", "lrp-add lr0 lr0-ls1 0a:ff:00:00:00:01 10.0.1.254/24",
	"lsp-add ls1 ls1-lr0", "lsp-set-type ls1-lr0 router", "lsp-set-addresses ls1-lr0 router", "lsp-set-options ls1-lr0 router-port=lr0-ls1",
	"lsp-add ls0 w1", "lsp-set-addresses w1 '0a:00:00:00:00:01 10.0.0.1'",
	"lsp-add ls0 w2", "lsp-set-addresses w2 '0a:00:00:00:00:02 10.0.0.2'",
	"lsp-add ls1 w3", "lsp-set-addresses w3 '0a:00:00:00:00:03 10.0.1.3'",
}

// The machines, tunnels and faults of a cloud are what they say: proved with ovn-controller on both nodes.
func TestCloud(t *testing.T) {
	programs := t.TempDir()
	ovstest.Build(t, programs, map[string]string{"slowlink": cloud.Slowlink})
	c := cloud.Start(t, machine.Start(t, programs), 2)
	c.Central.NB(t, network...)
	w1 := c.Nodes[0].Workload(t, cloud.Port{Name: "w1", MAC: "0a:00:00:00:00:01", Address: "10.0.0.1/24", Gateway: "10.0.0.254"})
	c.Nodes[1].Workload(t, cloud.Port{Name: "w2", MAC: "0a:00:00:00:00:02", Address: "10.0.0.2/24", Gateway: "10.0.0.254"})
	c.Nodes[1].Workload(t, cloud.Port{Name: "w3", MAC: "0a:00:00:00:00:03", Address: "10.0.1.3/24", Gateway: "10.0.1.254"})
	for _, n := range c.Nodes {
		n.StartController(t)
	}
	w1.Ping(t, "10.0.0.2", 30*time.Second)
	w1.Ping(t, "10.0.1.3", 30*time.Second)

	quiet := w1.During(t, "10.0.0.2", func() { time.Sleep(time.Second) })
	if quiet.Lost > 0 || quiet.Sent < 50 {
		t.Errorf("undisturbed: lost %d of %d", quiet.Lost, quiet.Sent)
	}
	away := w1.During(t, "10.0.0.2", func() {
		c.Nodes[1].Cut(t)
		time.Sleep(time.Second)
		c.Nodes[1].Heal(t)
		w1.Ping(t, "10.0.0.2", 30*time.Second)
	})
	if away.Lost == 0 {
		t.Errorf("node cut off for a second: lost %d of %d", away.Lost, away.Sent)
	}
	reach := func(within int) string {
		return fmt.Sprintf("timeout %d bash -c '</dev/tcp/%s/6642'", within, c.Central.IP())
	}
	deaf := w1.During(t, "10.0.0.2", func() {
		c.Nodes[0].CutCentral(t)
		if _, err := c.Nodes[0].Try(reach(1)); err == nil {
			t.Error("a node that is cut off from central reaches it")
		}
		c.Nodes[0].HealCentral(t)
		c.Nodes[0].Run(t, reach(20))
	})
	if deaf.Lost > 0 {
		t.Errorf("node cut off from central: lost %d of %d", deaf.Lost, deaf.Sent)
	}
	const delay = 100 * time.Millisecond
	c.Nodes[0].Delay(t, delay)
	w1.Ping(t, "10.0.0.2", 30*time.Second)
	if rtt := w1.RTT(t, "10.0.0.2"); rtt < 2*delay {
		t.Errorf("a packet and its answer take %v, with %v of delay for each", rtt, delay)
	}
	c.Nodes[0].Run(t, reach(20))
	c.Nodes[0].NoDelay(t)
	w1.Ping(t, "10.0.0.2", 30*time.Second)
	if rtt := w1.RTT(t, "10.0.0.2"); rtt > delay {
		t.Errorf("without delay a packet and its answer take %v", rtt)
	}
	c.Nodes[0].Signal(t, cloud.Controller, "KILL")
	c.Nodes[0].Start(t, cloud.Controller)
	w1.Ping(t, "10.0.1.3", 30*time.Second)
}
