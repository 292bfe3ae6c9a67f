package main

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"github.com/flowhost/flowhost/internal/ovn/ether"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Priorities of OVN's flows for what it knows of neighbors (lflow.c, add_neighbor_flows and consider_fdb_flows).
const (
	priorityLearned        flow.Priority = 100
	priorityStatic         flow.Priority = 50
	priorityStaticOverride flow.Priority = 150 // override_dynamic_mac
)

// Numbers on the wire that tell ARP and neighbor discovery (RFC 826, RFC 4861 §4).
const (
	etherTypeARP  = 0x0806
	etherTypeIPv6 = 0x86dd
	protoICMPv6   = 58
)

// entry is a row as far as its flows say it.
type entry interface {
	// flows makes the flows for where the row belongs to. Their cookie is left to the UUID.
	flows(p *pipeline.Pipeline, at local.Location) ([]flow.Flow, error)
}

// binding is a row of MAC_Binding or Static_MAC_Binding.
type binding struct {
	ip       netip.Addr
	mac      ether.MAC
	priority flow.Priority
}

// flows: one finds the Ethernet address of a packet about to go out by the port, one knows again what came in by it.
func (b *binding) flows(p *pipeline.Pipeline, at local.Location) ([]flow.Flow, error) {
	datapath, port := p.Datapath.Is(uint64(at.Datapath)), uint64(at.Port)
	address, protocol := b.terms(p)
	get, err1 := flow.New(p.Tables.MACBinding, b.priority,
		[]flow.Term{datapath, address, p.Outport.Is(port)},
		flow.SetFieldBytes(flow.EthDst, b.mac[:]), flag(p, pipeline.FlagLookupMAC))
	lookup, err2 := flow.New(p.Tables.MACLookup, b.priority,
		append(protocol, datapath, address, p.Inport.Is(port), flow.EthSrc.IsBytes(b.mac[:])),
		flag(p, pipeline.FlagLookupMAC))
	return []flow.Flow{get, lookup}, errors.Join(err1, err2)
}

// terms match the address in the registers, and the protocol by which it is learned.
func (b *binding) terms(p *pipeline.Pipeline) (address flow.Term, protocol []flow.Term) {
	if b.ip.Is4() {
		ip := b.ip.As4()
		return p.IPv4.Is(uint64(binary.BigEndian.Uint32(ip[:]))), []flow.Term{flow.EthType.Is(etherTypeARP)}
	}
	ip := b.ip.As16()
	return p.IPv6.IsBytes(ip[:]), []flow.Term{flow.EthType.Is(etherTypeIPv6), flow.IPProto.Is(protoICMPv6), flow.ICMPv6Code.Is(0)}
}

// station is a row of FDB: the port behind which an Ethernet address was seen. The port need not be there.
type station struct {
	mac  ether.MAC
	port int // tunnel key
}

// flows: one finds the port of a packet's destination, one knows again what was learned.
func (s *station) flows(p *pipeline.Pipeline, at local.Location) ([]flow.Flow, error) {
	datapath, port := p.Datapath.Is(uint64(at.Datapath)), uint64(s.port)
	get, err1 := flow.New(p.Tables.GetFDB, priorityLearned,
		[]flow.Term{datapath, flow.EthDst.IsBytes(s.mac[:])},
		flow.SetField(p.Outport, port))
	lookup, err2 := flow.New(p.Tables.LookupFDB, priorityLearned,
		[]flow.Term{datapath, p.Inport.Is(port), flow.EthSrc.IsBytes(s.mac[:])},
		flag(p, pipeline.FlagLookupFDB))
	return []flow.Flow{get, lookup}, errors.Join(err1, err2)
}

// flag sets one bit of the flags.
func flag(p *pipeline.Pipeline, bit int) flow.Action {
	return flow.SetFieldMasked(p.Flags, 1<<bit, 1<<bit)
}
