package local

import (
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// SouthboundTables are the tables of the southbound database that a State has to be fed with, and the columns it reads.
func SouthboundTables() []ovsdb.Table {
	return []ovsdb.Table{
		{Name: sb.DatapathBindingTable, Columns: []string{"tunnel_key"}},
		{Name: sb.PortBindingTable, Columns: []string{"logical_port", "type", "datapath", "tunnel_key", "parent_port", "options"}},
		{Name: sb.ChassisTable, Columns: []string{"name", "hostname"}},
	}
}

// VswitchTables are the same of the local Open_vSwitch database.
func VswitchTables() []ovsdb.Table {
	return []ovsdb.Table{
		{Name: vswitch.OpenvSwitchTable, Columns: []string{"external_ids"}},
		{Name: vswitch.BridgeTable, Columns: []string{"name", "ports"}},
		{Name: vswitch.PortTable, Columns: []string{"interfaces"}},
		{Name: vswitch.InterfaceTable, Columns: []string{"external_ids", "ofport"}},
	}
}
