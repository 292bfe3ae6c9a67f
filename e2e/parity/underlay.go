package parity

import (
	"strings"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// underlay is a bridge that tunnels go through on either side: without a way, packets to them would all be dropped. Everything about it
// is the same on both.
const (
	underlay    = "underlay"
	underlayMAC = "0a:99:00:00:01:00"
	remoteMAC   = "0a:99:00:00:01:01" // of all other ends
)

func addUnderlay(s *ovstest.Sandbox) error {
	_, err := s.Run("ovs-vsctl", "add-br", underlay, "--", "set", "Bridge", underlay, "datapath_type=system", "other_config:hwaddr=\""+underlayMAC+"\"",
		"--", "add-port", underlay, underlay+"0")
	for _, address := range []string{"ip4addr " + s.Options.EncapIP + "/8", "ip6addr fd00::1/64"} {
		kind, value, _ := strings.Cut(address, " ")
		if err == nil {
			_, err = s.Control(ovstest.Vswitchd, "netdev-dummy/"+kind, underlay, value)
		}
	}
	return err
}

// route has packets for the other end of each tunnel go through the underlay.
func route(s *ovstest.Sandbox) error {
	has, err := readPorts(s)
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(has.ports) {
		ip := has.ports[name].options["remote_ip"]
		if ip == "" {
			continue
		}
		bits := "/32"
		if strings.Contains(ip, ":") {
			bits = "/128"
		}
		if _, err := s.Control(ovstest.Vswitchd, "ovs/route/add", ip+bits, underlay); err != nil {
			return err
		}
		if _, err := s.Control(ovstest.Vswitchd, "tnl/neigh/set", underlay, ip, remoteMAC); err != nil {
			return err
		}
	}
	return nil
}
