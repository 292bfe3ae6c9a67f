package cloud

import (
	"fmt"
	"testing"

	"github.com/flowhost/flowhost/e2e/machine"
)

// A Cloud is a central machine and nodes.
type Cloud struct {
	Central *Central
	Nodes   []*Node
}

// Start starts the databases, ovn-northd, and an Open vSwitch on each node. What works on a node (ovn-controller, flowhost) is
// the test's to start. When the test fails, the ends of all logs are in its output.
func Start(t testing.TB, network *machine.Network, nodes int) *Cloud {
	t.Helper()
	c := &Cloud{Central: startCentral(t, network.Machine(t, "central"))}
	for i := range nodes {
		c.Nodes = append(c.Nodes, startNode(t, network.Machine(t, fmt.Sprintf("hv%d", i+1)), c.Central))
	}
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		c.Central.logs(t)
		for _, n := range c.Nodes {
			n.logs(t)
		}
	})
	return c
}
