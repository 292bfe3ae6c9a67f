package tunnels

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
)

// script changes both sides alike: what is common, by the tools of the southbound side, and the settings of a node.
type script struct {
	name string
	sb   [][]string // of ovn-sbctl
	nb   [][]string // of ovn-nbctl
	node [][]string // of ovs-vsctl
}

// addPort are the arguments that make a tunnel port by hand.
func addPort(name, id string) []string {
	return []string{"add-port", "br-int", name, "--", "set", "Interface", name, "type=geneve", "options:key=flow",
		"options:remote_ip=" + id[strings.IndexByte(id, '@')+1:], "--", "set", "Port", name, "external_ids:ovn-chassis-id=" + id}
}

var scripts = []script{
	{
		name: "chassis of all kinds",
		sb: [][]string{
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
		name: "gateways",
		nb: [][]string{
			{"lr-add", "lr"}, {"lrp-add", "lr", "lrp", "00:00:00:00:00:01", "10.9.0.1/24"},
			{"lrp-set-gateway-chassis", "lrp", "hv1", "10"}, {"lrp-set-gateway-chassis", "lrp", "hv2", "5"},
			{"set", "NB_Global", ".", `options:bfd-min-rx="500"`, `options:bfd-mult="7"`},
		},
	},
	{name: "settings", node: [][]string{{"set", "Open_vSwitch", ".", "external_ids:ovn-encap-tos=inherit",
		"external_ids:ovn-encap-df_default-hv1=false", "external_ids:ovn-set-local-ip=true", "external_ids:ovn-transport-zones=y,z"}}},
	{name: "IPsec", nb: [][]string{{"set", "NB_Global", ".", "ipsec=true", "options:ipsec_forceencaps=true"}},
		node: [][]string{{"set", "Open_vSwitch", ".", "external_ids:ovn-transport-zones=\"\"", "external_ids:ovn-encap-tos=none"}}},
	{
		name: "ports left behind, and others'",
		node: [][]string{addPort("ovn-hv9-0", "hv9@10.0.0.9"), addPort("ovn2-hv9-0", "hv9@10.0.0.10"), addPort("ovn-hv2-99", "hv2@10.0.0.99"),
			{"add-port", "br-int", "ovn-else"}},
	},
	{
		name: "fewer",
		sb:   [][]string{{"chassis-del", "hv3"}, {"chassis-del", "hv2", "--", "chassis-add", "hv2", "geneve", "10.0.0.22"}},
		nb:   [][]string{{"lrp-del-gateway-chassis", "lrp", "hv2"}},
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
	live := dutytest.Start(t, [2]string{ours.OVSDB(), ours.SB()}, ovstest.Bridge, Tables(), start)
	for _, step := range scripts {
		for _, args := range step.sb {
			his.Sbctl(t, args...)
		}
		for _, args := range step.nb {
			his.Nbctl(t, args...)
		}
		for _, s := range []*ovstest.Sandbox{his, ours} {
			for _, args := range step.node {
				s.Vsctl(t, args...)
			}
		}
		his.Nbctl(t, "--wait=sb", "sync")
		ovstest.Eventually(t, 15*time.Second, func() error {
			live.Settle()
			if diff := cmp.Diff(rows(t, his), rows(t, ours)); diff != "" {
				return fmt.Errorf("%s: ovn-controller's rows (-) and ours (+) differ: %s", step.name, diff)
			}
			return nil
		})
		t.Logf("%s: %d ports alike", step.name, len(rows(t, ours))/2)
	}
	his.Appctl(t, ovstest.Controller, "exit", "--restart")
	for _, s := range []*ovstest.Sandbox{his, ours} {
		if writes := dutytest.Start(t, [2]string{s.OVSDB(), s.SB()}, ovstest.Bridge, Tables(), start).Settle(); len(writes) > 0 {
			t.Errorf("what is there is not adopted, but written: %s", writes[0].What)
		}
	}
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
