// Package packets tests that packets go where OVN's network says, by flows that flowhost's sources make: within a node and between nodes,
// through routers, ACLs, NAT and load balancers, and also while these change. The same is done with ovn-controller on the same nodes
// before, and what each loses is printed.
package packets
