package cleanup

import (
	"bytes"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// node is a node's two databases, after a chassis has written to them.
func node(t *testing.T) (southbound, local *ovstest.Sandbox) {
	southbound = ovstest.StartServer(t, ovstest.SouthboundSchema)
	southbound.Sbctl(t, "chassis-add", "hv1", "geneve", "192.0.2.1", "--", "chassis-add", "hv2", "geneve", "192.0.2.2")
	southbound.Sbctl(t, "--id=@dp", "create", "Datapath_Binding", "tunnel_key=7",
		"--", "create", "Port_Binding", "logical_port=here", "tunnel_key=1", "datapath=@dp",
		"--", "create", "Port_Binding", "logical_port=there", "tunnel_key=2", "datapath=@dp",
		"--", "create", "Port_Binding", "logical_port=gone", "tunnel_key=3", "datapath=@dp")
	southbound.Sbctl(t, "lsp-bind", "here", "hv1", "--", "lsp-bind", "there", "hv2", "--", "set", "Port_Binding", "here", "up=true",
		"--", "set", "Port_Binding", "there", "up=true")
	local = ovstest.StartServer(t, ovstest.VswitchSchema)
	local.Vsctl(t, "init", "--", "set", "Open_vSwitch", ".", "external_ids:system-id=hv1", "external_ids:ovn-remote="+southbound.OVSDB(),
		"other_config:ovn-chassis-idx-hv1=3", "other_config:vlan-limit=0",
		"--", "add-br", "br-int", "--", "set", "Bridge", "br-int", "external_ids:ct-zone-here=5", "external_ids:ovn-nb-cfg=1",
		"external_ids:mine=1",
		"--", "add-port", "br-int", "vif", "--", "set", "Interface", "vif", "external_ids:iface-id=here", "external_ids:ovn-installed=true",
		"--", "add-port", "br-int", "ovn-hv2-0", "--", "set", "Port", "ovn-hv2-0", "external_ids:ovn-chassis-id=hv2@192.0.2.2",
		"--", "add-port", "br-int", "patch-br-int-to-net", "--", "set", "Port", "patch-br-int-to-net", "external_ids:ovn-localnet-port=net",
		"--", "add-br", "br-ex",
		"--", "add-port", "br-ex", "patch-net-to-br-int", "--", "set", "Port", "patch-net-to-br-int", "external_ids:ovn-localnet-port=net",
		"--", "add-port", "br-ex", "eth1", "--", "add-port", "br-ex", "eth2",
		"--", "--id=@queue", "create", "Queue", "external_ids:ovn_port=here",
		"--", "--id=@ours", "create", "QoS", "type=linux-htb", "external_ids:ovn_qos=true", "queues:1=@queue",
		"--", "set", "Port", "eth1", "qos=@ours",
		"--", "--id=@other", "create", "Queue", "other_config:max-rate=1",
		"--", "--id=@theirs", "create", "QoS", "type=linux-htb", "queues:1=@other", "--", "set", "Port", "eth2", "qos=@theirs")
	return southbound, local
}

func run(t *testing.T, local *ovstest.Sandbox) string {
	t.Helper()
	var out bytes.Buffer
	if err := Run(t.Context(), Config{OVSDB: local.OVSDB(), Bridge: "br-int", Out: &out}); err != nil {
		t.Error(err)
	}
	return out.String()
}

// What the chassis has written goes, is told, and nothing else does.
func TestRun(t *testing.T) {
	southbound, local := node(t)
	want := "removed up of ports of chassis hv1\n" +
		"removed Chassis hv1 and its Encaps\n" +
		"removed tunnel port ovn-hv2-0 of bridge br-int\n" +
		"removed patch port patch-br-int-to-net of bridge br-int\n" +
		"removed patch port patch-net-to-br-int of bridge br-ex\n" +
		"removed 1 keys of external_ids of interface vif\n" +
		"removed 2 keys of external_ids of bridge br-int\n" +
		"removed 1 keys of other_config of Open_vSwitch\n" +
		"removed QoS of port eth1\n" +
		"removed queue of logical port here\n"
	got := run(t, local)
	for line := range strings.Lines(want) {
		if !strings.Contains(got, line) {
			t.Errorf("said\n%swant %s", got, line)
		}
	}
	if strings.Count(got, "\n") != strings.Count(want, "\n")+1 { // and the QoS by its UUID
		t.Errorf("said\n%s", got)
	}
	for query, want := range map[string]string{
		"--columns=name list Chassis":                              "hv2",
		"--columns=chassis_name list Encap":                        "hv2",
		"--columns=chassis,up find Port_Binding logical_port=here": "false",
		"--columns=up find Port_Binding logical_port=there":        "true",
		"--columns=up find Port_Binding logical_port=gone":         "",
	} {
		if got := strings.Join(strings.Fields(southbound.Sbctl(t, append([]string{"--bare"}, strings.Fields(query)...)...)), " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"--bare --columns=type list QoS":            "linux-htb",
		"--bare --columns=other_config list Queue":  "max-rate=1",
		"get Port eth1 qos":                         "[]",
		"list-ports br-int":                         "vif",
		"list-ports br-ex":                          "eth1 eth2",
		"get Bridge br-int external_ids":            `{mine="1"}`,
		"get Interface vif external_ids":            "{iface-id=here}",
		"get Open_vSwitch . other_config":           `{vlan-limit="0"}`,
		"get Open_vSwitch . external_ids:system-id": "hv1",
	} {
		if got := strings.Join(strings.Fields(local.Vsctl(t, strings.Fields(query)...)), " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	if got := run(t, local); got != "" {
		t.Errorf("the second time: %s", got)
	}
}

// Without a southbound database, the rest goes all the same.
func TestNoSouthbound(t *testing.T) {
	_, local := node(t)
	local.Vsctl(t, "remove", "Open_vSwitch", ".", "external_ids", "ovn-remote")
	var out bytes.Buffer
	err := Run(t.Context(), Config{OVSDB: local.OVSDB(), Bridge: "br-int", Out: &out})
	if err == nil || !strings.Contains(err.Error(), "ovn-remote") || !strings.Contains(out.String(), "tunnel port") {
		t.Errorf("%v, said %s", err, out.String())
	}
}
