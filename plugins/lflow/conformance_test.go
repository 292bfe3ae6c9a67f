package main

import (
	"strconv"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// TestConformance runs the plugin as the daemon does, behind the fence that ships, with databases of its own.
func TestConformance(t *testing.T) {
	program := ovstest.BuildOne(t, "lflow", ".")
	sdktest.Conformance(t, sdktest.Plugin{
		Options: fence(),
		Path:    program, Env: []string{"FLOWHOST_OVSDB=" + chassis(t, southbound(t).OVSDB()).OVSDB()},
	})
}

// fence is what the shipped configuration lets the source do.
func fence() sdktest.Options {
	return sdktest.Options{
		Owner: "lflow", Bridge: "br-int", Tables: []sdk.Range{{First: 8, Last: 36}, {First: 42, Last: 63}, {First: 68, Last: 70}, {First: 73, Last: 78}},
		Groups: []sdk.Range{{First: 1, Last: 0x7fffff}}, Meters: []sdk.Range{{First: 1, Last: 0x6fff}},
		Conjunctions: []sdk.Range{{First: 1, Last: 99}, {First: 101, Last: 0xffffff}},
	}
}

// chassis is a local database with the VIFs a and b, which asks for the southbound database at an endpoint.
func chassis(t *testing.T, remote string) *ovstest.Sandbox {
	s := ovstest.StartServer(t, ovstest.VswitchSchema)
	s.Vsctl(t, "init", "--", "set", "Open_vSwitch", ".", "external_ids:system-id=hv1", "external_ids:ovn-remote="+remote, "--", "add-br", "br-int")
	plug(t, s, "a", 1)
	plug(t, s, "b", 2)
	return s
}

// plug adds the interface of a logical port.
func plug(t *testing.T, s *ovstest.Sandbox, port string, ofport int) {
	s.Vsctl(t, "add-port", "br-int", port, "--", "set", "Interface", port, "external_ids:iface-id="+port, "ofport="+strconv.Itoa(ofport))
}

// southbound is a southbound database with the switches one, which has the ports a and b, and two, which has c; with sets, groups and
// load balancers of them; and with a logical flow for each of rows, whose priorities are 1, 2 and so on.
func southbound(t *testing.T) *ovstest.Sandbox {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	args := []string{"init", "--", "chassis-add", "hv1", "geneve", "192.0.2.1",
		"--", "--id=@one", "create", "Datapath_Binding", "tunnel_key=1", "external_ids:name=one", "external_ids:logical-switch=" + text("switch", 1),
		"--", "--id=@two", "create", "Datapath_Binding", "tunnel_key=2", "external_ids:name=two", "external_ids:logical-switch=" + text("switch", 2),
		"--", "--id=@both", "create", "Logical_DP_Group", "datapaths=@one,@two",
		"--", "create", "Port_Binding", "logical_port=a", "tunnel_key=1", "datapath=@one", `port_security="0a:00:00:00:00:01 10.0.0.1"`,
		"--", "create", "Port_Binding", "logical_port=b", "tunnel_key=2", "datapath=@one",
		"--", "create", "Port_Binding", "logical_port=c", "tunnel_key=1", "datapath=@two",
		"--", "create", "Multicast_Group", "name=_MC_flood", "tunnel_key=32768", "datapath=@one",
		"--", "create", "Address_Set", "name=s", `addresses="10.0.0.1","10.0.0.2"`,
		"--", "create", "Port_Group", "name=1_pg", "ports=a,b",
		"--", "create", "Load_Balancer", "name=lb", `vips:"10.9.0.1:80"="10.0.0.1:80,10.0.0.2:80"`, "protocol=tcp", "datapaths=@one"}
	for i, row := range logicalRows {
		args = append(args, "--", "create", "Logical_Flow", row.of, "pipeline="+row.pipeline, "table_id=3", "priority="+strconv.Itoa(i+1),
			"external_ids:stage-name=ls_"+row.pipeline+"_test", "external_ids:stage-hint=12345678", "match="+quote(row.match), "actions="+quote(row.actions))
	}
	s.Sbctl(t, args...)
	s.Sbctl(t, "lsp-bind", "a", "hv1", "--", "lsp-bind", "b", "hv1", "--", "lsp-bind", "c", "hv1")
	return s
}
