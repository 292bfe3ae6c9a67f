// Package e2e tests flowhost as a whole, with real daemons: ovs-vswitchd, ovsdb-server, ovn-northd, and ovn-controller to compare
// with.
//
// A pair is two Open vSwitches of one chassis of one OVN, with the same ports: ovn-controller works on one, flowhost on the
// other, and what they write must be the same. Two things of one chassis can live beside each other because flowhost's plugin
// chassis, which would write to the southbound database, does not run there.
//
// Tests that send packets have the userspace datapath and workloads, each in a network namespace of its own. A trio is such a switch
// with flows of three sources, each of which is needed by packets between its workloads.
package e2e
