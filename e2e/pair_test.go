package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// pair is two Open vSwitches of the same shape.
type pair struct {
	*ovstest.Sandbox       // with OVN and its ovn-controller
	flowhost         *host // with the plugin neighbor
}

// startPair starts both, with a logical network that make makes on the first, and the same ports plugged into both.
func startPair(t testing.TB, network, ports []string) *pair {
	ovstest.Need(t)
	p := &pair{Sandbox: ovstest.Start(t, ovstest.Options{OVN: true})}
	p.flowhost = newHost(t, ovstest.Start(t, ovstest.Options{SB: p.SB()}), "--plugin=neighbor="+program(t, "flowhost-plugin-neighbor"))
	p.Nbctl(t, append([]string{"--wait=sb"}, commands(network)...)...)
	for i, port := range ports {
		p.plug(t, port, i+1)
	}
	p.StartController(t)
	p.flowhost.Start(t, hostName)
	return p
}

// both are the two Open vSwitches.
func (p *pair) both() []*ovstest.Sandbox { return []*ovstest.Sandbox{p.Sandbox, p.flowhost.Sandbox} }

// commands makes one command line of several.
func commands(list []string) []string { return strings.Fields(strings.Join(list, " -- ")) }

// plug plugs a VIF into both bridges.
func (p *pair) plug(t testing.TB, port string, ofport int) {
	for _, s := range p.both() {
		s.Vsctl(t, "add-port", ovstest.Bridge, port, "--", "set", "Interface", port,
			"external_ids:iface-id="+port, "ofport_request="+strconv.Itoa(ofport))
	}
}

// awaitEqual waits until both switches hold the same flows in these tables, and returns them.
func (p *pair) awaitEqual(t testing.TB, tables ...int) (flows []string) {
	t.Helper()
	ovstest.Eventually(t, settle, func() (err error) {
		flows, err = p.equal(t, tables...)
		return err
	})
	return flows
}

// equal returns the flows that both switches hold in these tables, and an error if they are not the same.
func (p *pair) equal(t testing.TB, tables ...int) ([]string, error) {
	t.Helper()
	flows, own := only(p.Flows(t, ovstest.Bridge), tables), only(p.flowhost.Flows(t, ovstest.Bridge), tables)
	if !slices.Equal(flows, own) {
		return nil, fmt.Errorf("tables %v: -ovn-controller +flowhost\n%s", tables, cmp.Diff(flows, own))
	}
	return flows, nil
}
