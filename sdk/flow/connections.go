package flow

import "net/netip"

// Connections selects connections that the datapath tracks (ovs-fields(7), Connection Tracking Fields): those of the protocol whose
// tuples are these. What is zero is not compared; the zero value selects all.
type Connections struct {
	Proto uint8 // IP protocol
	Orig  Tuple // as the first packet of the connection had it
	Reply Tuple // in the other direction, after NAT
}

// Tuple is one direction of a connection. What is zero is not compared.
type Tuple struct {
	Src, Dst         netip.Addr
	SrcPort, DstPort uint16 // of any protocol but ICMP
	ICMPID           uint16 // of ICMP and ICMPv6, where the others are compared with it
	ICMPType         uint8
	ICMPCode         uint8
}
