// Package packets tests that packets go where OVN's network says, by flows that flowhost's sources make: within a node and between nodes,
// through routers, ACLs, NAT and load balancers, and also while these change. It does so on nodes that never had ovn-controller, and on
// nodes where flowhost goes on with what ovn-controller has made of them. The latter do the same with ovn-controller before, and what
// each loses is printed.
package packets
