package pipeline

import "github.com/flowhost/flowhost/sdk/flow"

// Pipeline is where one version of OVN has its tables and registers. It is not changed once it was made.
type Pipeline struct {
	Tables Tables

	// Datapath holds the tunnel key of the logical datapath that a packet is in.
	Datapath *flow.Field
	// Inport and Outport hold tunnel keys of the logical ports that a packet came in by and goes out by.
	Inport, Outport *flow.Field
	// Flags holds the bits below.
	Flags *flow.Field
	// IPv4 and IPv6 hold the address that a lookup in the tables of MAC bindings is about.
	IPv4, IPv6 *flow.Field
}

// Tables are the OpenFlow tables that are not stages of a logical pipeline, after their names in controller/lflow.h
// (OFTABLE_MAC_BINDING and so on).
type Tables struct {
	MACBinding flow.TableID // get_arp, get_nd: address and outport to Ethernet destination
	MACLookup  flow.TableID // lookup_arp, lookup_nd: is this binding known?
	GetFDB     flow.TableID // get_fdb: Ethernet destination to outport
	LookupFDB  flow.TableID // lookup_fdb: is this address known on this inport?
}

// Bits of Pipeline.Flags (enum mff_log_flags, MLF_*_BIT), the same in all versions.
const (
	FlagLookupMAC = 6 // the lookup of a MAC binding found one
	FlagLookupFDB = 8 // the lookup in the forwarding database found the address
)

// OVN2303 are the numbers of OVN 23.03.
func OVN2303() *Pipeline {
	return &Pipeline{
		Tables:   Tables{MACBinding: 66, MACLookup: 67, GetFDB: 71, LookupFDB: 72},
		Datapath: flow.Metadata,
		Inport:   flow.Reg[14],
		Outport:  flow.Reg[15],
		Flags:    flow.Reg[10],
		IPv4:     flow.Reg[0],
		IPv6:     flow.XXReg[0],
	}
}

// OVN2603 are the numbers of OVN 26.03.
func OVN2603() *Pipeline {
	p := OVN2303()
	p.Tables = Tables{MACBinding: 90, MACLookup: 91, GetFDB: 95, LookupFDB: 96}
	p.IPv6 = flow.XXReg[1]
	return p
}
