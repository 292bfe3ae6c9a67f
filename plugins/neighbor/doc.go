// Command flowhost-plugin-neighbor is a flow source of OVN: it makes flows of the addresses that are known.
//
//	table of the southbound database    OpenFlow tables (OVN 23.03)
//	MAC_Binding, Static_MAC_Binding     66 (get_arp, get_nd), 67 (lookup_arp, lookup_nd)
//	FDB                                 71 (get_fdb), 72 (lookup_fdb)
//
// Only rows of local datapaths have flows. They are the flows that ovn-controller 23.03 arrives at when it recomputes; the UUID
// of a flow is that of its row. What ovn-controller leaves behind when it does not recompute (a port that comes after its
// row, or gets another tunnel key, or goes) is right here at once.
//
// Two rows of one port may mean the same address, written in two ways: then both are wanted, and the host's rule decides. With
// ovn-controller it is the row that it came upon first.
//
// flowhost starts it. FLOWHOST_OVSDB in its environment is the endpoint of the local Open_vSwitch database, by default
// unix:$OVS_RUNDIR/db.sock; in there, external_ids:ovn-remote says where the southbound database is, and system-id which chassis
// this is. When one of the databases is not there, it waits, says so in its status, and leaves all flows as they are.
//
// neighbors.go is what it knows and flows.go what follows from it, both pure; main.go has them fed.
package main
