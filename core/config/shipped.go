package config

import "slices"

// fence is what a source that ships with flowhost may do.
type fence struct {
	tables                       []Range
	groups, meters, conjunctions []Range
	zones                        []Range
	packetIn                     PacketIn
}

// ovnPackets are the packets of OVN's controller actions: their user data begin with a number of 32 bits, of which OVN uses the lowest
// (include/ovn/actions.h, struct action_header).
var ovnPackets = PacketIn{Controllers: []Range{{0, 0}}, UserData: []string{"000000"}}

// shipped are the fences of OVN's sources, with tables as OVN 23.03 numbers them. They share slot 0, so that OVN's tools know
// their cookies, and its ids, of which each has a part. They share no table, so that one of them never waits for another at
// adoption.
var shipped = map[string]fence{
	"lflow": {
		tables: []Range{{8, 36}, {42, 63}, {68, 70}, {73, 78}},
		groups: []Range{{1, 0x7fffff}}, meters: []Range{{1, 0x6fff}}, conjunctions: []Range{{1, 99}, {101, 0xffffff}},
		packetIn: ovnPackets,
	},
	"physical": {
		tables: []Range{{0, 0}, {37, 41}, {64, 65}},
		groups: []Range{{0x800000, 0xffffff}}, meters: []Range{{0x7000, 0x7fff}},
		conjunctions: []Range{{100, 100}}, // of the chassis' Ethernet addresses (physical.c, CHASSIS_MAC_TO_ROUTER_MAC_CONJID)
		packetIn:     ovnPackets,
	},
	"neighbor": {tables: []Range{{66, 67}, {71, 72}}},
	Chassis:    {zones: []Range{{1, maxZone}}}, // it has no flows, and assigns zones
}

// Chassis is the source that does the duties of a node besides flows: if it is configured, it makes the bridge when there is none.
const Chassis = "chassis"

// fill gives the plugin what its configuration leaves out.
func (f fence) fill(p *Plugin) {
	if p.Slot == nil {
		p.Slot = new(uint8)
	}
	if p.PacketIn.Controllers == nil && p.PacketIn.UserData == nil {
		p.PacketIn = f.packetIn
	}
	if p.Zones == nil {
		p.Zones = slices.Clone(f.zones)
	}
	for _, k := range []struct {
		has *[]Range
		is  []Range
	}{{&p.Tables, f.tables}, {&p.Groups, f.groups}, {&p.Meters, f.meters}, {&p.Conjunctions, f.conjunctions}} {
		if *k.has == nil {
			*k.has = append([]Range{}, k.is...)
		}
	}
}
