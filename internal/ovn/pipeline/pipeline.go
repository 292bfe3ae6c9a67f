package pipeline

import (
	"slices"

	"github.com/flowhost/flowhost/sdk/flow"
)

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
	// Zone, DNATZone and SNATZone hold conntrack zones: of the logical port, and of its router for either kind of NAT.
	Zone, DNATZone, SNATZone *flow.Field
	// Scratch are the registers that logical flows use as they like; each pipeline begins with zeros there.
	Scratch []*flow.Field
}

// Tables are the OpenFlow tables that are not stages of a logical pipeline, after their names in controller/lflow.h
// (OFTABLE_MAC_BINDING and so on), and the first stages.
type Tables struct {
	PhyToLog           flow.TableID // from ports of the switch to logical ports
	LogIngress         flow.TableID // the first stage of the ingress pipeline
	LargePacketDetect  flow.TableID // output begins: is the packet too large for the tunnel?
	LargePacketProcess flow.TableID // and if so, tell the sender
	RemoteOutput       flow.TableID // to ports on other chassis
	LocalOutput        flow.TableID // to ports on this one
	CheckLoopback      flow.TableID // not back to where it came from
	LogEgress          flow.TableID // the first stage of the egress pipeline
	SaveInport         flow.TableID // the egress pipeline's output begins
	LogToPhy           flow.TableID // from logical ports to ports of the switch
	MACBinding         flow.TableID // get_arp, get_nd: address and outport to Ethernet destination
	MACLookup          flow.TableID // lookup_arp, lookup_nd: is this binding known?
	GetFDB             flow.TableID // get_fdb: Ethernet destination to outport
	LookupFDB          flow.TableID // lookup_fdb: is this address known on this inport?
}

// Bits of Pipeline.Flags (enum mff_log_flags, MLF_*_BIT), the same in all versions.
const (
	FlagAllowLoopback   = 0  // may go out by the port it came in by
	FlagRCVFromRamp     = 1  // came by a tunnel from a VTEP switch, which knows no logical inport
	FlagLocalOnly       = 4  // is not to leave this chassis
	FlagNestedContainer = 5  // came from a container behind a VIF
	FlagLookupMAC       = 6  // the lookup of a MAC binding found one
	FlagLookupLBHairpin = 7  // goes back to where it came from, by a load balancer
	FlagLookupFDB       = 8  // the lookup in the forwarding database found the address
	FlagLocalport       = 10 // came from a localport
	FlagCheckPortSec    = 12 // violates port security
)

// OVN2303 are the numbers of OVN 23.03.
func OVN2303() *Pipeline {
	return &Pipeline{
		Tables: Tables{
			PhyToLog: 0, LogIngress: 8, LargePacketDetect: 37, LargePacketProcess: 38, RemoteOutput: 39, LocalOutput: 40,
			CheckLoopback: 41, LogEgress: 42, SaveInport: 64, LogToPhy: 65, MACBinding: 66, MACLookup: 67, GetFDB: 71, LookupFDB: 72,
		},
		Datapath: flow.Metadata,
		Inport:   flow.Reg[14],
		Outport:  flow.Reg[15],
		Flags:    flow.Reg[10],
		IPv4:     flow.Reg[0],
		IPv6:     flow.XXReg[0],
		Zone:     flow.Reg[13],
		DNATZone: flow.Reg[11],
		SNATZone: flow.Reg[12],
		Scratch:  slices.Clone(flow.Reg[:10]),
	}
}

// OVN2603 are the numbers of OVN 26.03.
func OVN2603() *Pipeline {
	p := OVN2303()
	p.Tables = Tables{
		PhyToLog: 0, LogIngress: 8, LargePacketDetect: 52, LargePacketProcess: 53, RemoteOutput: 54, LocalOutput: 56,
		CheckLoopback: 57, LogEgress: 62, SaveInport: 88, LogToPhy: 89, MACBinding: 90, MACLookup: 91, GetFDB: 95, LookupFDB: 96,
	}
	p.IPv6 = flow.XXReg[1]
	return p
}
