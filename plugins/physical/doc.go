// Command flowhost-plugin-physical is a flow source of OVN: it makes the flows between ports of the switch and logical ports.
//
//	what                                OpenFlow tables (OVN 23.03)
//	from VIFs, networks and tunnels     0
//	to ports, here and elsewhere        37 to 41
//	out                                 64, 65
//
// Ports of local datapaths, multicast groups and tunnels have flows. They are the flows that ovn-controller 23.03 arrives at when it
// recomputes; the UUID of a flow is that of its row, or made of the name of what it stands for where there is no row.
//
// Where ovn-controller takes what it comes upon first, it takes always the same: of two localnet ports of a switch whose networks are both
// here the one with the lower UUID, of two interfaces for one logical port the one with the lower number, of two tunnels to one chassis,
// when the port says nothing of an address, the one whose address is first.
//
// It writes no database: that a port is bound here, its tunnels, patch ports and conntrack zones are the work of plugin chassis, or of an
// ovn-controller. A port that needs a zone and has none yet has the flows that write it as soon as the zone is there, not before.
//
// flowhost starts it. FLOWHOST_OVSDB in its environment is the endpoint of the local Open_vSwitch database, by default
// unix:$OVS_RUNDIR/db.sock; in there, external_ids:ovn-remote says where the southbound database is, and system-id which chassis
// this is. When one of the databases is not there, it waits, says so in its status, and leaves all flows as they are.
//
// unit.go is how rows become flows, and which facts they depend on; one file for each kind of thing has its flows. All that is
// pure. main.go has it fed; what is said to other sources is feed.PortMarks.
package main
