package main

import (
	"encoding/binary"
	"net/netip"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Bytes that a tunnel adds to a packet: its own header with those of UDP or TCP, and that of IP around it (physical.c,
// get_tunnel_overhead).
var tunnelOverhead = map[string]int{typeGeneve: 38, typeSTT: 18, typeVXLAN: 30}

const (
	ipv4Header = 20
	ipv6Header = 40
	// ethernetOverhead is the Ethernet header with a VLAN tag, which an MTU of IP does not count.
	ethernetOverhead = 18
)

// bitLarger is where northd's flows look for whether a packet is too large: REGBIT_PKT_LARGER, bit 1 of reg9.
const bitLarger = 1

// OVN's numbers of controller actions (include/ovn/actions.h, enum action_opcode).
const (
	opcodeICMP            = 10
	opcodePutICMP4FragMTU = 13
	opcodePutICMP6FragMTU = 21
)

// version is what differs between versions of IP when a packet is answered with "too large".
type version struct {
	etherType  uint64
	dst, src   *flow.Field
	kind, code flow.Action // of the ICMP message
	opcode     uint32      // of the controller action that writes the MTU
	bytes      int         // of the MTU
}

var versions = []version{
	{0x0800, flow.IPDst, flow.IPSrc, flow.SetField(flow.ICMPType, 3), flow.SetField(flow.ICMPCode, 4), opcodePutICMP4FragMTU, 2},
	{0x86dd, flow.IPv6Dst, flow.IPv6Src, flow.SetField(flow.ICMPv6Type, 2), flow.SetField(flow.ICMPv6Code, 0), opcodePutICMP6FragMTU, 4},
}

// effectiveMTU is the size of packets that a port can send through all of the tunnels; 0 if it is not known. That of a port which is not
// bound here is not (physical.c, get_effective_mtu: if-status.c forgets an interface when its port is released).
func (e *evaluation) effectiveMTU(sender *sb.PortBinding, tunnels []local.Tunnel) int {
	_, mtu := e.plugged(sender)
	e.reads(local.KindSelf, "")
	if e.local.Bound(sender) == 0 {
		return 0
	}
	overhead := 0
	for _, t := range tunnels {
		header := ipv4Header
		if ip, err := netip.ParseAddr(t.IP); err == nil && ip.Is6() {
			header = ipv6Header
		}
		overhead = max(overhead, tunnelOverhead[t.Kind]+header)
	}
	return max(0, mtu-overhead)
}

// tooLarge makes the flows that tell the sender of packets to or from a port on several chassis that they do not fit into a tunnel: a
// network in between would have taken them (physical.c, handle_pkt_too_big).
func (e *evaluation) tooLarge(row, sender *sb.PortBinding, mtu int) {
	p := e.pipeline
	datapath, larger := p.Datapath.Is(e.key(row.Datapath)), flow.Reg[9]
	for _, v := range versions {
		answer := tooLargeAnswer(p, v, mtu-ethernetOverhead)
		for _, register := range []*flow.Field{p.Inport, p.Outport} {
			terms := []flow.Term{flow.EthType.Is(v.etherType), datapath, register.Is(uint64(sender.TunnelKey))}
			e.add(p.Tables.LargePacketDetect, 100, terms,
				flow.CheckPktLarger(uint16(mtu), larger.Part(bitLarger, 1)), flow.Resubmit(p.Tables.LargePacketProcess))
			e.add(p.Tables.LargePacketProcess, 100, append(terms, larger.IsMasked(1<<bitLarger, 1<<bitLarger)), answer)
		}
	}
}

// tooLargeAnswer has OVN's controller make an ICMP error of a packet and send it back to where it came from.
func tooLargeAnswer(p *pipeline.Pipeline, v version, mtu int) flow.Action {
	actions := []flow.Action{flow.SetFieldMasked(flow.Reg[9], 0, 1<<bitLarger), setFlag(p, pipeline.FlagAllowLoopback)}
	actions = append(actions, swap(flow.EthDst, flow.EthSrc)...)
	actions = append(actions, swap(v.dst, v.src)...)
	number := binary.BigEndian.AppendUint32(nil, uint32(mtu))
	actions = append(actions, flow.SetTTL(255), v.kind, v.code,
		controller(v.opcode, number[4-v.bytes:]), flow.Resubmit(p.Tables.LogIngress))
	list, err := wire(actions)
	if err != nil {
		return flow.Action{}
	}
	return controller(opcodeICMP, []byte(list))
}

// controller sends the packet to OVN's controller, which goes on with it when it has done what the opcode says.
func controller(opcode uint32, arguments []byte) flow.Action {
	data := append(binary.BigEndian.AppendUint32(nil, opcode), 0, 0, 0, 0)
	return flow.Controller(flow.ControllerOptions{UserData: append(data, arguments...), Pause: true})
}

// swap exchanges two fields.
func swap(a, b *flow.Field) []flow.Action {
	return []flow.Action{flow.Push(a.Whole()), flow.Push(b.Whole()), flow.Pop(a.Whole()), flow.Pop(b.Whole())}
}

// wire is a list of actions as OpenFlow 1.5 has it.
func wire(actions []flow.Action) (string, error) {
	list, err := flow.NewActions(actions...)
	if err != nil {
		return "", err
	}
	return list.List()
}
