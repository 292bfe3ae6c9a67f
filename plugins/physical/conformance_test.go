package main

import (
	"strings"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// TestConformance runs the plugin as the daemon does, behind the fence that ships, with databases of its own.
func TestConformance(t *testing.T) {
	program := ovstest.BuildOne(t, "physical", ".")
	vswitch := chassis(t, southbound(t))
	sdktest.Conformance(t, sdktest.Plugin{
		Options: sdktest.Options{
			Owner: "physical", Bridge: "br-int", Tables: []sdk.Range{{First: 0, Last: 0}, {First: 37, Last: 41}, {First: 64, Last: 65}},
		},
		Path: program, Env: []string{"FLOWHOST_OVSDB=" + vswitch.OVSDB()},
	})
}

// chassis is a local database with a VIF, its conntrack zones, and a tunnel, which asks for the southbound database sb.
func chassis(t *testing.T, sb *ovstest.Sandbox) *ovstest.Sandbox {
	zone := "external_ids:ct-zone-" + strings.TrimSpace(sb.Sbctl(t, "--bare", "--columns=_uuid", "list", "Datapath_Binding"))
	s := ovstest.StartServer(t, ovstest.VswitchSchema)
	s.Vsctl(t, "init", "--", "set", "Open_vSwitch", ".", "external_ids:system-id=hv1", "external_ids:ovn-remote="+sb.OVSDB(),
		"--", "add-br", "br-int", "--", "set", "Bridge", "br-int", "external_ids:ct-zone-vif=5",
		zone+"_dnat=6", zone+"_snat=7",
		"--", "add-port", "br-int", "vif", "--", "set", "Interface", "vif", "external_ids:iface-id=vif", "ofport=1",
		"--", "add-port", "br-int", "hv2", "--", "set", "Port", "hv2", "external_ids:ovn-chassis-id=hv2@192.0.2.2",
		"--", "set", "Interface", "hv2", "type=vxlan", "ofport=2")
	return s
}

// southbound is a southbound database with a VIF here, one on another chassis, and a multicast group of both.
func southbound(t *testing.T) *ovstest.Sandbox {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	s.Sbctl(t, "chassis-add", "hv1", "vxlan", "192.0.2.1", "--", "chassis-add", "hv2", "vxlan", "192.0.2.2",
		"--", "--id=@dp", "create", "Datapath_Binding", "tunnel_key=7",
		"--", "--id=@vif", "create", "Port_Binding", "logical_port=vif", "tunnel_key=3", "datapath=@dp",
		"--", "--id=@far", "create", "Port_Binding", "logical_port=far", "tunnel_key=4", "datapath=@dp",
		"--", "create", "Multicast_Group", "name=_MC_flood", "tunnel_key=32768", "datapath=@dp", "ports=@vif,@far")
	s.Sbctl(t, "lsp-bind", "vif", "hv1", "--", "lsp-bind", "far", "hv2")
	return s
}
