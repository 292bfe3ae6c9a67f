// Package cloud starts an OVN cloud on the machines of an end-to-end test: one central machine with the databases (the southbound one is
// a cluster of three servers) and ovn-northd, and nodes with an Open vSwitch each (userspace datapath) that reach each other through
// Geneve tunnels. Workloads are network namespaces on a node, behind a veth pair.
//
//	c := cloud.Start(t, machine.Start(t, programs), 2)
//	c.Central.NB(t, "ls-add ls0", "lsp-add ls0 w1", …)
//	c.Nodes[1].StartFlowhost(t) // a node that never has an ovn-controller
//	w := c.Nodes[0].Workload(t, cloud.Port{Name: "w1", MAC: …, Address: …})
//	c.Nodes[0].StartController(t)
//	w.Ping(t, address)
//	c.Nodes[0].TakeOver(t) // flowhost with OVN's sources instead of ovn-controller
//
// All of a daemon's files are in /run of its machine. Daemons are named by their programs, databases by what is in them.
package cloud
