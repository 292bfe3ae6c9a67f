package dialect

import "github.com/flowhost/flowhost/sdk/flow"

// Actions is in what versions differ when actions become OpenFlow.
type Actions struct {
	Tables    Tables
	Registers Registers

	// CountTables makes the error of a "next" that goes too far name the number of tables instead of the last one's.
	CountTables bool
	// HoldResolved makes arp and nd_ns hold the packet back: the controller lets it go on when it has sent its question. Otherwise
	// all that is left of the packet is the copy that the controller has.
	HoldResolved bool
	// NoteFrag writes the MTU of an ICMP error as a note, for the controller that makes the error. Otherwise it is an action
	// to a controller of its own.
	NoteFrag bool
	// HashedSelect is set when select can choose by a hash of fields that it names: select(values=(1, 2); hash_fields="ip_src").
	HashedSelect bool
	// RandomPorts asks connection tracking to choose ports of a range at random; otherwise the datapath has its own way.
	RandomPorts bool
	// CookieInLearned gives flows learned for affinity the cookie of the logical flow.
	CookieInLearned bool

	// RestoreOverResult writes the result of lookup_arp, lookup_nd, their _ip forms and chk_evpn_arp before the registers are
	// restored that the lookup has used, so that a result in one of them (reg0[0]) is lost.
	RestoreOverResult bool
	// DecimalKeys has fwd_group load the tunnel key 17 as 0x17, so that packets go to port 23.
	DecimalKeys bool
	// ShortSuffixes compares the ends of domain names in a search list without their last character, so that one may be taken
	// for another: in "a.com,a.cop" both become the first.
	ShortSuffixes bool
}

// Tables are the OpenFlow tables that actions lead to and package pipeline does not have, after their names in
// controller/lflow.h (OFTABLE_CHK_LB_HAIRPIN and so on). A table that a version does not have is 0.
type Tables struct {
	LBHairpin, LBHairpinReply flow.TableID
	CTSNATHairpin             flow.TableID
	InPortSec, InPortSecND    flow.TableID
	OutPortSec                flow.TableID
	ECMPNextHopMAC            flow.TableID
	ECMPNextHop               flow.TableID
	LBAffinity                flow.TableID

	MACCacheUse   flow.TableID
	CTOrigNwDst   flow.TableID
	CTOrigIP6Dst  flow.TableID
	CTOrigTpDst   flow.TableID
	CTOrigProto   flow.TableID
	CTStateSave   flow.TableID
	FloodRemote   flow.TableID
	GetRemoteFDB  flow.TableID
	EVPNARPLookup flow.TableID
}

// Registers are the places that actions use and package pipeline does not have (include/ovn/logical-fields.h, MFF_LOG_*).
type Registers struct {
	// What affinity loads: the backend's address and port. IPv6 on switches and on routers.
	BackendIPv4, BackendSwitchIPv6, BackendRouterIPv6, BackendPort *flow.Field
	// What a connection to a load balancer was for, the virtual address and port, kept by ovn-northd's logical flows.
	VIPIPv4, VIPIPv6, VIPPort *flow.Field
	// Result is where tables of connection tracking's original tuple leave what they found, from bit 0 on; CTState has the
	// saved state, and RemoteOutport the port that get_remote_fdb found. All nil before 26.03.
	Result, CTState, RemoteOutport *flow.Field
	// PutIPv6 is where put_nd and lookup_nd have the address; get_nd and lookup_nd_ip have it in the IPv6 of package pipeline.
	PutIPv6 *flow.Field
}

func actions2303() Actions {
	return Actions{
		Tables: Tables{
			LBHairpin: 68, LBHairpinReply: 69, CTSNATHairpin: 70,
			InPortSec: 73, InPortSecND: 74, OutPortSec: 75, ECMPNextHopMAC: 76, ECMPNextHop: 77, LBAffinity: 78,
		},
		Registers: Registers{
			BackendIPv4: flow.Reg[4], BackendSwitchIPv6: flow.XXReg[0], BackendRouterIPv6: flow.XXReg[1], BackendPort: flow.Reg[8],
			VIPIPv4: flow.Reg[1], VIPIPv6: flow.XXReg[1], VIPPort: flow.Reg[2],
			PutIPv6: flow.XXReg[0],
		},
	}
}

func actions2603() Actions {
	return Actions{
		Tables: Tables{
			LBHairpin: 92, LBHairpinReply: 93, CTSNATHairpin: 94,
			InPortSec: 97, InPortSecND: 98, OutPortSec: 99, ECMPNextHopMAC: 100, ECMPNextHop: 101, LBAffinity: 102,
			MACCacheUse: 103, CTOrigNwDst: 105, CTOrigIP6Dst: 106, CTOrigTpDst: 107, CTOrigProto: 110, CTStateSave: 109,
			FloodRemote: 108, GetRemoteFDB: 111, EVPNARPLookup: 113,
		},
		Registers: Registers{
			BackendIPv4: flow.Reg[4], BackendSwitchIPv6: flow.XXReg[1], BackendRouterIPv6: flow.XXReg[1], BackendPort: flow.Reg[2],
			VIPIPv4: flow.Reg[4], VIPIPv6: flow.XXReg[1], VIPPort: flow.Reg[2],
			Result: flow.XXReg[1], CTState: flow.Reg[4], RemoteOutport: flow.Reg[1], PutIPv6: flow.XXReg[0],
		},
		CountTables: true, HoldResolved: true, NoteFrag: true, HashedSelect: true, RandomPorts: true, CookieInLearned: true,
	}
}
