package bridge

import (
	"maps"
	"testing"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
)

// start makes a chassis with these settings and bridges.
func start(t *testing.T, settings map[string]string, bridges ...libovsdb.Row) (*dutytest.Bench, *Duty) {
	t.Helper()
	var d *Duty
	b := dutytest.New(t, "br-int", Tables(), func(state *local.State) duty.Duty {
		d = New(state, "br-int")
		return d
	})
	root := libovsdb.Row{"external_ids": duty.Map(settings)}
	var operations []libovsdb.Operation
	for _, row := range bridges {
		operations = append(operations, duty.Insert(vswitch.BridgeTable, "bridge", row))
		root["bridges"] = duty.Refs("bridge")
	}
	b.Transact(duty.Vswitch, append(operations, duty.Insert(vswitch.OpenvSwitchTable, "root", root))...)
	return b, d
}

// one is the only row of a table.
func one[T any](t *testing.T, b *dutytest.Bench, table string) (id string, row *T) {
	t.Helper()
	rows := dutytest.Rows[T](b, duty.Vswitch, table)
	if len(rows) != 1 {
		t.Fatalf("%d rows of %s", len(rows), table)
	}
	for id, row = range rows {
	}
	return id, row
}

// checkDatapaths checks that there is a row for each of these kinds of datapath, and no other.
func checkDatapaths(t *testing.T, b *dutytest.Bench, kinds ...string) {
	t.Helper()
	_, root := one[vswitch.OpenvSwitch](t, b, vswitch.OpenvSwitchTable)
	rows := dutytest.Rows[vswitch.Datapath](b, duty.Vswitch, vswitch.DatapathTable)
	for _, kind := range kinds {
		if rows[root.Datapaths[kind]] == nil {
			t.Errorf("datapath %s has no row", kind)
		}
	}
	if len(rows) != len(kinds) || len(root.Datapaths) != len(kinds) {
		t.Errorf("datapaths %v, want %v", root.Datapaths, kinds)
	}
}

// A bridge that is not there is made, as ovn-controller makes it.
func TestMakesBridge(t *testing.T) {
	b, _ := start(t, map[string]string{"ovn-bridge-datapath-type": "netdev"})
	b.Settle()
	id, row := one[vswitch.Bridge](t, b, vswitch.BridgeTable)
	if row.Name != "br-int" || row.DatapathType != "netdev" || *row.FailMode != "secure" ||
		!maps.Equal(row.OtherConfig, map[string]string{"disable-in-band": "true"}) {
		t.Errorf("made %+v", row)
	}
	portID, port := one[vswitch.Port](t, b, vswitch.PortTable)
	ifaceID, iface := one[vswitch.Interface](t, b, vswitch.InterfaceTable)
	if row.Ports[0] != portID || port.Name != "br-int" || port.Interfaces[0] != ifaceID || iface.Name != "br-int" || iface.Type != "internal" {
		t.Errorf("made port %+v, interface %+v", port, iface)
	}
	_, root := one[vswitch.OpenvSwitch](t, b, vswitch.OpenvSwitchTable)
	if root.Bridges[0] != id || root.OtherConfig["vlan-limit"] != "0" {
		t.Errorf("made %+v", root)
	}
	checkDatapaths(t, b, "netdev")
	b.Transact(duty.Vswitch, duty.Delete(vswitch.BridgeTable, id),
		duty.Update(vswitch.OpenvSwitchTable, onlyID(t, b), libovsdb.Row{"bridges": duty.Refs()}))
	b.Settle()
	one[vswitch.Bridge](t, b, vswitch.BridgeTable)
}

func onlyID(t *testing.T, b *dutytest.Bench) string {
	id, _ := one[vswitch.OpenvSwitch](t, b, vswitch.OpenvSwitchTable)
	return id
}

// A bridge that is there is made what OVN needs, and keeps the rest.
func TestKeepsBridge(t *testing.T) {
	b, _ := start(t, nil, libovsdb.Row{"name": "br-int", "fail_mode": "standalone",
		"other_config": duty.Map(map[string]string{"hwaddr": "x"})})
	b.Settle()
	_, row := one[vswitch.Bridge](t, b, vswitch.BridgeTable)
	if row.DatapathType != "system" || *row.FailMode != "secure" || len(row.OtherConfig) != 1 {
		t.Errorf("changed to %+v", row)
	}
	checkDatapaths(t, b, "system")
	b.Transact(duty.Vswitch, duty.Update(vswitch.OpenvSwitchTable, onlyID(t, b), libovsdb.Row{
		"external_ids": duty.Map(map[string]string{"ovn-bridge-datapath-type": "netdev"}),
		"other_config": duty.Map(map[string]string{"vlan-limit": "1", "mine": "1"})}))
	b.Settle()
	if _, row := one[vswitch.Bridge](t, b, vswitch.BridgeTable); row.DatapathType != "netdev" {
		t.Errorf("changed to %+v", row)
	}
	_, root := one[vswitch.OpenvSwitch](t, b, vswitch.OpenvSwitchTable)
	if root.OtherConfig["vlan-limit"] != "0" || root.OtherConfig["mine"] != "1" {
		t.Errorf("changed to %+v", root)
	}
	checkDatapaths(t, b, "netdev", "system")
}

// Another bridge than flowhost's is nobody's business here.
func TestOtherBridge(t *testing.T) {
	b, d := start(t, map[string]string{"ovn-bridge": "br-other"})
	if writes := b.Settle(); len(writes) != 0 || d.Note() != "external_ids:ovn-bridge is br-other, and flowhost runs on br-int" {
		t.Errorf("%d writes, note %q", len(writes), d.Note())
	}
}
