package tunnels

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
)

// addPort are the arguments that make a tunnel port by hand.
func addPort(name, id string) []string {
	return []string{"add-port", "br-int", name, "--", "set", "Interface", name, "type=geneve", "options:key=flow",
		"options:remote_ip=" + id[strings.IndexByte(id, '@')+1:], "--", "set", "Port", name, "external_ids:ovn-chassis-id=" + id}
}

var scripts = []dutytest.Step{
	{
		Name: "chassis of all kinds",
		SB: [][]string{
			{"chassis-add", "hv2", "geneve,vxlan", "10.0.0.2"},
			{"chassis-add", "hv3", "vxlan", "10.0.0.3"},
			{"chassis-add", "compute-a", "geneve", "10.0.0.4"},
			{"chassis-add", "compute-b", "geneve", "10.0.0.5"},
			{"chassis-add", "zoned", "geneve", "10.0.0.6", "--", "set", "Chassis", "zoned", "transport_zones=z"},
			{"chassis-add", "far", "geneve", "10.0.0.7", "--", "set", "Chassis", "far", "other_config:is-remote=true"},
			{"--id=@e", "create", "Encap", "type=geneve", "ip=10.1.0.4", "chassis_name=compute-a", "options:csum=false", "options:dst_port=6082",
				"--", "add", "Chassis", "compute-a", "encaps", "@e"},
		},
	},
	{
		Name: "gateways",
		NB: [][]string{
			{"lr-add", "lr"}, {"lrp-add", "lr", "lrp", "00:00:00:00:00:01", "10.9.0.1/24"},
			{"lrp-set-gateway-chassis", "lrp", "hv1", "10"}, {"lrp-set-gateway-chassis", "lrp", "hv2", "5"},
			{"set", "NB_Global", ".", `options:bfd-min-rx="500"`, `options:bfd-mult="7"`},
		},
	},
	{Name: "settings", Node: [][]string{{"set", "Open_vSwitch", ".", "external_ids:ovn-encap-tos=inherit",
		"external_ids:ovn-encap-df_default-hv1=false", "external_ids:ovn-set-local-ip=true", "external_ids:ovn-transport-zones=y,z"}}},
	{Name: "IPsec", NB: [][]string{{"set", "NB_Global", ".", "ipsec=true", "options:ipsec_forceencaps=true"}},
		Node: [][]string{{"set", "Open_vSwitch", ".", "external_ids:ovn-transport-zones=\"\"", "external_ids:ovn-encap-tos=none"}}},
	{
		Name: "ports left behind, and others'",
		Node: [][]string{addPort("ovn-hv9-0", "hv9@10.0.0.9"), addPort("ovn2-hv9-0", "hv9@10.0.0.10"), addPort("ovn-hv2-99", "hv2@10.0.0.99"),
			{"add-port", "br-int", "ovn-else"}},
	},
	{
		Name: "fewer",
		SB:   [][]string{{"chassis-del", "hv3"}, {"chassis-del", "hv2", "--", "chassis-add", "hv2", "geneve", "10.0.0.22"}},
		NB:   [][]string{{"lrp-del-gateway-chassis", "lrp", "hv2"}},
	},
}

var number = regexp.MustCompile("-[0-9a-f]+,")

// The rows are those that ovn-controller makes of the same southbound database, step by step: it runs first, on an Open vSwitch of its
// own.
func TestBesideController(t *testing.T) {
	his := ovstest.Start(t, ovstest.Options{OVN: true})
	ours := ovstest.Start(t, ovstest.Options{SB: his.SB()})
	his.StartController(t)
	ovstest.Eventually(t, 10*time.Second, func() error {
		_, err := his.Run("ovn-sbctl", "get", "Chassis", "hv1", "name")
		return err
	})
	dutytest.Sides{His: his, Ours: ours}.Compare(t, Tables(), start, rows, scripts)
}

// rows are the tunnel ports and their interfaces, in all columns that a controller may write. Which of several names with the same stem a
// port gets is by chance.
func rows(t *testing.T, s *ovstest.Sandbox) []string {
	t.Helper()
	ports := dutytest.Table(t, s, "Port", []string{"name", "external_ids", "other_config", "qos", "tag"}, "ovn")
	rows := append(ports, dutytest.Table(t, s, "Interface", []string{"name", "type", "options", "bfd", "external_ids", "other_config",
		"ofport_request", "mtu_request", "lldp"}, "ovn")...)
	for i := range rows {
		rows[i] = number.ReplaceAllString(rows[i], "-N,")
	}
	slices.Sort(rows)
	return rows
}
