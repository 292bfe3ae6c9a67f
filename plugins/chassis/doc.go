// Command flowhost-plugin-chassis does what a node of OVN has to do besides flows, so that no ovn-controller is needed: it keeps rows of
// the southbound database and of the local Open_vSwitch database. It has no flows.
//
// What has to be written is worked out by duties, one package each, which are pure (see package duty):
//
//	bridge        the integration bridge and its datapath's row
//	registration  Chassis, Chassis_Private and Encap, and nb_cfg, once the flows are in the switch that follow from it
//	zones         conntrack zones: keys of the bridge's external_ids, written once the switch has flushed the zone
//	bindings      which ports are here: Port_Binding chassis and up, Interface ovn-installed
//	tunnels       a tunnel port for each address of each other chassis
//	patches       patch ports to the bridges of physical networks
//	queues        queues of ports that have rates, on the devices that lead to those
//
// source.go feeds them with rows, and writer.go writes what they plan, in transactions of many. A write that the server refuses is told in
// the log and tried again; others are unharmed. What somebody else undoes again and again is written again after pauses that grow,
// and told in the status: two programs that take themselves for one chassis do not fight.
//
// It is for the operator to see to it that no ovn-controller runs on the bridge: whoever has one does not configure this source.
//
// flowhost starts it. Its argument --sources=lflow,physical,neighbor (the default) names the sources whose flows make the network:
// nb_cfg is acknowledged when the switch has confirmed it of all of them. FLOWHOST_OVSDB in its environment is the endpoint of the
// local Open_vSwitch database, by default unix:$OVS_RUNDIR/db.sock; in there, external_ids has the settings that ovn-controller(8) lists.
package main
