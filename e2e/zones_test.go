package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

const chassisPlugin = "chassis"

// tracker is a chassis with flowhost alone, and beside its bridge another of the same datapath, by which a test has connections tracked
// in zones.
type tracker struct {
	*host
	packets int
}

func startTracker(t *testing.T) *tracker {
	ovstest.Need(t)
	s := ovstest.Start(t, ovstest.Options{OVN: true})
	c := &tracker{host: newHost(t, s, "--plugin="+chassisPlugin+"="+program(t, "flowhost-plugin-chassis"))}
	c.Nbctl(t, "--wait=sb", "ls-add", "ls0", "--", "lsp-add", "ls0", "vif0", "--", "lsp-add", "ls0", "vif1", "--", "lsp-add", "ls0", "vif2")
	c.Vsctl(t, "add-br", "tracker", "--", "add-port", "tracker", "in")
	c.plug(t, "vif0")
	c.Start(t, hostName)
	return c
}

func (c *tracker) plug(t testing.TB, port string) {
	c.Vsctl(t, "add-port", ovstest.Bridge, port, "--", "set", "Interface", port, "external_ids:iface-id="+port)
}

// zone is that of a port, as the bridge's external_ids have it; 0 while there is none.
func (c *tracker) zone(t testing.TB, port string) int {
	text := c.Vsctl(t, "--if-exists", "get", "Bridge", ovstest.Bridge, "external_ids:ct-zone-"+port)
	zone, _ := strconv.Atoi(strings.Trim(text, "\"\n"))
	return zone
}

func (c *tracker) awaitZone(t testing.TB, port string) (zone int) {
	t.Helper()
	ovstest.Eventually(t, settle, func() error {
		if zone = c.zone(t, port); zone == 0 {
			return fmt.Errorf("%s has no zone", port)
		}
		return nil
	})
	return zone
}

// connect has a connection tracked in a zone. It is to a port of its own, for which the datapath has no flow yet.
func (c *tracker) connect(t testing.TB, zone int) {
	t.Helper()
	c.packets++
	c.Ofctl(t, "add-flow", "tracker", fmt.Sprintf("udp,tp_dst=%d,actions=ct(commit,zone=%d)", c.packets, zone))
	packet := fmt.Sprintf("in_port(1),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),"+
		"ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=1000,dst=%d)", c.packets)
	if _, err := c.Control(ovstest.Vswitchd, "netdev-dummy/receive", "in", packet); err != nil {
		t.Fatal(err)
	}
	ovstest.Eventually(t, settle, func() error { return c.tracked(zone, 1) })
}

// tracked returns how the connections of a zone are not so many.
func (c *tracker) tracked(zone, want int) error {
	out, err := c.Control(ovstest.Vswitchd, "dpctl/dump-conntrack", "zone="+strconv.Itoa(zone))
	if n := strings.Count(out, "orig="); err == nil && n != want {
		err = fmt.Errorf("zone %d has %d connections, want %d:\n%s", zone, n, want, out)
	}
	return err
}

// Connections of a port that stays outlive a restart of the plugin and of flowhost. Those in the zone of one that goes do not, and
// whoever gets a zone begins without any.
func TestZones(t *testing.T) {
	c := startTracker(t)
	kept := c.awaitZone(t, "vif0")
	c.connect(t, kept)

	before := c.awaitReady(t, chassisPlugin, 0)
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c.awaitReady(t, chassisPlugin, before)
	c.Stop(t, hostName)
	c.Start(t, hostName)

	c.plug(t, "vif1") // when this one has its zone, all that would have been flushed at the start has been
	freed := c.awaitZone(t, "vif1")
	if zone := c.zone(t, "vif0"); zone != kept {
		t.Errorf("vif0 has zone %d after restarts, and had %d", zone, kept)
	}
	c.connect(t, freed)
	c.Vsctl(t, "del-port", "vif1")
	ovstest.Eventually(t, settle, func() error { return c.tracked(freed, 0) })

	c.connect(t, freed)
	c.plug(t, "vif2")
	if zone := c.awaitZone(t, "vif2"); zone != freed {
		t.Errorf("vif2 has zone %d, and %d is free", zone, freed)
	}
	if err := c.tracked(freed, 0); err != nil {
		t.Errorf("when vif2 has got its zone: %v", err)
	}
	if err := c.tracked(kept, 1); err != nil {
		t.Errorf("vif0 all the time: %v", err)
	}
}
