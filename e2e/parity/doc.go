// Package parity compares flowhost with ovn-controller, flow for flow and packet for packet.
//
// A [Side] is what one Open vSwitch holds, as ovs-ofctl dumps it: flows, groups and meters. [Compare] holds two of them against each
// other, table by table. Nothing is forgiven but what is free: numbers that each side may choose as it likes (conjunction, group
// and meter ids) are renamed by what they stand for, one to one; conjunction actions have no order; and flows that the switch has
// learned by itself are nobody's. Differences that are meant stand in a file, each with its reason, and are counted apart.
//
// A [Trace] is what a switch would do with a [Packet], as ofproto/trace tells without sending one: what is the same must be the
// datapath's actions, at each time that the packet is recirculated. Packets are made from what there is: ports, their addresses, and what
// flows match; a scenario may name more. Whatever comes in, also what only a controller can answer, counts as far as the datapath's actions.
// A packet that meets a flow whose actions are meant to differ may fare differently, and is counted apart.
//
// Those of OVN's sources that are not there have a stand-in: the example plugin ofctl with ovn-controller's flows, so that
// there is a way for packets. Tables where something stands in are not compared.
//
// What is compared is made by the commands of a [Scenario], or by those of a random walk: see walker.
package parity
