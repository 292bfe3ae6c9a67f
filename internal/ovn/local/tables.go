package local

import (
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// SouthboundTables are the tables of the southbound database that a State has to be fed with to know which datapaths are local and where
// ports are, and the columns it reads.
func SouthboundTables() []ovsdb.Table {
	return []ovsdb.Table{
		{Name: sb.DatapathBindingTable, Columns: []string{"tunnel_key"}},
		{Name: sb.PortBindingTable, Columns: []string{"logical_port", "type", "datapath", "tunnel_key", "parent_port", "virtual_parent",
			"ha_chassis_group", "options"}},
		{Name: sb.ChassisTable, Columns: []string{"name", "hostname"}},
		{Name: sb.HAChassisGroupTable, Columns: []string{"ha_chassis"}},
		{Name: sb.HAChassisTable, Columns: []string{"chassis", "priority"}},
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

// AllSouthboundTables are those that a State has to be fed with to know everything it can tell.
func AllSouthboundTables() []ovsdb.Table {
	return append(with(SouthboundTables(), map[string][]string{
		sb.PortBindingTable:     {"chassis", "additional_chassis", "requested_chassis", "requested_additional_chassis", "encap", "tag", "mac"},
		sb.ChassisTable:         {"other_config", "external_ids"},
		sb.DatapathBindingTable: {"external_ids"},
	}), ovsdb.Table{Name: sb.EncapTable, Columns: []string{"ip"}})
}

// AllVswitchTables are the same of the local Open_vSwitch database.
func AllVswitchTables() []ovsdb.Table {
	return with(VswitchTables(), map[string][]string{
		vswitch.BridgeTable:    {"external_ids"},
		vswitch.PortTable:      {"external_ids"},
		vswitch.InterfaceTable: {"type", "mtu", "bfd_status"},
	})
}

// with adds columns to tables.
func with(tables []ovsdb.Table, columns map[string][]string) []ovsdb.Table {
	for i := range tables {
		tables[i].Columns = append(tables[i].Columns, columns[tables[i].Name]...)
	}
	return tables
}
