// Package ovsdb follows an OVSDB database (RFC 7047, ovsdb-server(7)): it hands over every change of the rows that are
// wanted, never loses one, and costs little for a southbound of half a million rows.
//
// A Client is made of a Config, and lives as long as its Run:
//
//	client, err := ovsdb.New(ovsdb.Config{Database: "OVN_Southbound", Endpoints: "unix:/run/ovn/ovnsb_db.sock", Model: m,
//		Tables: []ovsdb.Table{{Name: "MAC_Binding", Columns: []string{"logical_port", "ip", "mac", "datapath"}}}})
//	go client.Run(ctx)
//	for batch := range client.Batches() {
//		for row := range ovsdb.Rows[sb.MACBinding](batch) {
//			…                                   // row.Old, row.New: *sb.MACBinding
//		}
//	}
//
// Rows are libovsdb's generated structs; this package reads them straight from the wire, keeps them, and works out what
// has changed when a server has to be asked for everything again. So a batch is always the difference to what was handed
// over before, deletions included.
//
// Warning: rows are shared and must not be changed. Warning: rows are complete only as far as Batch.Epoch says; whoever
// deletes what it has no row for waits for the epoch of its conditions.
package ovsdb
