package flow_test

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// actionGenerators draw one action each, and say which kinds of packets it is for; "" is any.
var actionGenerators = []struct {
	name string
	kind string
	draw func(t *rapid.T, k kindOfPacket) flow.Action
}{
	{"output", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.Output(rapid.SampledFrom([]flow.Port{1, 9, flow.PortInPort, flow.PortTable, flow.PortNormal, flow.PortFlood, flow.PortAll, flow.PortLocal}).Draw(t, "port"))
	}},
	{"output reg", "", func(t *rapid.T, k kindOfPacket) flow.Action { return flow.OutputPart(partOf(t, k, 1, 32, false)) }},
	{"output erspan", "", func(*rapid.T, kindOfPacket) flow.Action { return flow.OutputPart(flow.TunERSPANIdx.Whole()) }},
	{"truncate", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.OutputTruncated(port(t), rapid.Uint32Range(14, 1<<32-1).Draw(t, "length"))
	}},
	{"controller", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.Controller(flow.ControllerOptions{MaxLen: u16(t, "length"), ID: u16(t, "id"), Reason: flow.Reason(rapid.IntRange(0, 5).Draw(t, "reason"))})
	}},
	{"controller2", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.Controller(flow.ControllerOptions{MaxLen: u16(t, "length"), ID: u16(t, "id"), UserData: rapid.SliceOfN(rapid.Byte(), 1, 30).Draw(t, "userdata"),
			Pause: rapid.Bool().Draw(t, "pause"), Meter: rapid.SampledFrom([]uint32{0, 3}).Draw(t, "meter")})
	}},
	{"group", "", func(*rapid.T, kindOfPacket) flow.Action { return flow.ToGroup(7) }},
	{"set_field", "", drawSet},
	{"set_field tcp", "tcp", drawSet},
	{"set_field vlan", "tagged", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.SetField(flow.VLANVID, rapid.Uint64Range(0x1000, 0x1fff).Draw(t, "vid"))
	}},
	{"set_field nd", "solicitation", drawSet},
	{"load", "", func(t *rapid.T, k kindOfPacket) flow.Action {
		p := partOf(t, k, 1, 32, true)
		return flow.Load(p, rapid.Uint64Range(0, 1<<min(p.Bits, 32)-1).Draw(t, "number"))
	}},
	{"move", "", func(t *rapid.T, k kindOfPacket) flow.Action {
		dst := partOf(t, k, 1, 64, true)
		return flow.Move(partOf(t, k, dst.Bits, dst.Bits, false), dst)
	}},
	{"push_vlan", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.PushVLAN(rapid.SampledFrom([]uint16{0x8100, 0x88a8}).Draw(t, "type"))
	}},
	{"push_mpls", "ip", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.PushMPLS(rapid.SampledFrom([]uint16{0x8847, 0x8848}).Draw(t, "type"))
	}},
	{"set_mpls_ttl", "mpls", func(t *rapid.T, _ kindOfPacket) flow.Action { return flow.SetMPLSTTL(rapid.Byte().Draw(t, "ttl")) }},
	{"dec_mpls_ttl", "mpls", func(*rapid.T, kindOfPacket) flow.Action { return flow.DecMPLSTTL() }},
	{"set_ttl", "ip", func(t *rapid.T, _ kindOfPacket) flow.Action { return flow.SetTTL(rapid.Byte().Draw(t, "ttl")) }},
	{"dec_ttl", "ipv6", func(*rapid.T, kindOfPacket) flow.Action { return flow.DecTTL() }},
	{"dec_ttl ids", "ip", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.DecTTL(rapid.SliceOfN(rapid.Uint16(), 1, 6).Draw(t, "ids")...)
	}},
	{"dec_nsh_ttl", "nsh", func(*rapid.T, kindOfPacket) flow.Action { return flow.DecNSHTTL() }},
	{"set_queue", "", func(t *rapid.T, _ kindOfPacket) flow.Action { return flow.SetQueue(u32(t, "queue") &^ 1) }},
	{"pop_queue", "", func(*rapid.T, kindOfPacket) flow.Action { return flow.PopQueue() }},
	{"meter", "", func(*rapid.T, kindOfPacket) flow.Action { return flow.ToMeter(3) }},
	{"push", "", func(t *rapid.T, k kindOfPacket) flow.Action { return flow.Push(partOf(t, k, 1, 64, false)) }},
	{"pop", "", func(t *rapid.T, k kindOfPacket) flow.Action { return flow.Pop(partOf(t, k, 1, 64, true)) }},
	{"resubmit", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.ResubmitPort(port(t), flow.TableID(rapid.IntRange(0, 254).Draw(t, "table")))
	}},
	{"resubmit here", "", func(*rapid.T, kindOfPacket) flow.Action { return flow.ResubmitPort(3, 255) }},
	{"resubmit ct", "tcp", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.ResubmitCT(flow.PortInPort, flow.TableID(rapid.IntRange(0, 254).Draw(t, "table")))
	}},
	{"ct", "ip", drawCT},
	{"ct6", "ipv6", drawCT},
	{"ct alg", "tcp", func(*rapid.T, kindOfPacket) flow.Action {
		return flow.CT(flow.CTOptions{Commit: true, ALG: flow.ALGFTP})
	}},
	{"ct alg udp", "udp", func(*rapid.T, kindOfPacket) flow.Action {
		return flow.CT(flow.CTOptions{Commit: true, ALG: flow.ALGTFTP})
	}},
	{"ct_clear", "", func(*rapid.T, kindOfPacket) flow.Action { return flow.CTClear() }},
	{"learn", "tcp", drawLearn},
	{"learn2", "", func(t *rapid.T, k kindOfPacket) flow.Action {
		return flow.LearnFlow(flow.Learn{Table: 9, Limit: 1 + u32(t, "limit")/2, Result: partOf(t, k, 1, 1, true), Specs: []flow.LearnSpec{drawSpec(t, k)}})
	}},
	{"clone", "", func(t *rapid.T, k kindOfPacket) flow.Action {
		return flow.Clone(flow.SetField(flow.Reg[1], 5), flow.Clone(drawSet(t, k), flow.Output(1)), flow.Resubmit(4))
	}},
	{"note", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.Note(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "note"))
	}},
	{"sample", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.Sample(flow.SampleOptions{Probability: 1 + u16(t, "probability")/2, CollectorSet: u32(t, "set"), Domain: u32(t, "domain"), Point: u32(t, "point")})
	}},
	{"sample2", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.Sample(flow.SampleOptions{Probability: 1, Port: port(t)})
	}},
	{"sample3", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.Sample(flow.SampleOptions{Probability: 9, Port: rapid.SampledFrom([]flow.Port{0, 1}).Draw(t, "port"), Direction: rapid.SampledFrom([]flow.SampleDirection{flow.SampleIngress, flow.SampleEgress}).Draw(t, "direction")})
	}},
	{"check_pkt_larger", "", func(t *rapid.T, k kindOfPacket) flow.Action {
		return flow.CheckPktLarger(u16(t, "length"), partOf(t, k, 1, 1, true))
	}},
	{"multipath", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.Multipath(flow.MultipathOptions{Fields: flow.HashFields(rapid.IntRange(0, 6).Draw(t, "fields")), Basis: u16(t, "basis"),
			Algorithm: flow.LinkAlgorithm(rapid.IntRange(0, 3).Draw(t, "algorithm")), Links: rapid.IntRange(1, 256).Draw(t, "links"), Arg: u32(t, "arg"), Dst: flow.Reg[2].Part(8, 8)})
	}},
	{"bundle", "", func(t *rapid.T, _ kindOfPacket) flow.Action { return flow.Bundle(drawBundle(t)) }},
	{"bundle_load", "", func(t *rapid.T, k kindOfPacket) flow.Action {
		return flow.BundleLoad(drawBundle(t), flow.Reg[3].Part(0, 16))
	}},
	{"fin_timeout", "tcp", func(t *rapid.T, _ kindOfPacket) flow.Action { return flow.FinTimeout(u16(t, "idle"), u16(t, "hard")) }},
	{"delete_field", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.DeleteField(flow.TunMetadata[rapid.IntRange(0, 63).Draw(t, "option")])
	}},
	{"encap nsh", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		value := rapid.SliceOfN(rapid.Byte(), 1, 60).Draw(t, "value")
		value[0] |= 0x10 // ovs-ofctl loses an odd digit
		return flow.EncapNSH(2, flow.NSHTLV{Class: u16(t, "class"), Type: rapid.Byte().Draw(t, "type"), Value: value})
	}},
	{"encap nsh1", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.EncapNSH(uint8(rapid.IntRange(0, 1).Draw(t, "type")))
	}},
	{"encap", "bare ip", func(*rapid.T, kindOfPacket) flow.Action { return flow.Encap(flow.PacketEthernet) }},
	{"encap mpls", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.Encap(rapid.SampledFrom([]flow.PacketTypeID{flow.PacketMPLS, flow.PacketMPLSM}).Draw(t, "type"))
	}},
	{"decap", "", func(t *rapid.T, _ kindOfPacket) flow.Action {
		return flow.Decap(rapid.SampledFrom([]flow.PacketTypeID{flow.PacketNext, 0x10800}).Draw(t, "type"))
	}},
	{"pop_vlan", "tagged", func(*rapid.T, kindOfPacket) flow.Action { return flow.PopVLAN() }},
	{"pop_mpls", "mpls", func(*rapid.T, kindOfPacket) flow.Action { return flow.PopMPLS(0x800) }},
	{"exit", "", func(*rapid.T, kindOfPacket) flow.Action { return flow.Exit() }},
}

// drawSet draws a set_field of a field that the packet has.
func drawSet(t *rapid.T, k kindOfPacket) flow.Action {
	fit := slices.DeleteFunc(flow.Fields(), func(f *flow.Field) bool { return !f.Writable() || !k.fits(f) || isAwkward(f) })
	return flow.Set(termOf(t, rapid.SampledFrom(fit).Draw(t, "set")))
}

func drawCT(t *rapid.T, k kindOfPacket) flow.Action {
	o := flow.CTOptions{Commit: rapid.Bool().Draw(t, "commit"), Zone: u16(t, "zone")}
	if rapid.Bool().Draw(t, "zone from a field") {
		o.ZonePart = flow.Reg[rapid.IntRange(0, 15).Draw(t, "reg")].Part(rapid.IntRange(0, 16).Draw(t, "first"), 16)
	}
	if rapid.Bool().Draw(t, "go on") {
		table := flow.TableID(rapid.IntRange(0, 253).Draw(t, "table"))
		o.Table = &table
	}
	if !o.Commit {
		if rapid.Bool().Draw(t, "nat") {
			o.NAT = new(flow.NAT)
		}
		return flow.CT(o)
	}
	o.Force = rapid.Bool().Draw(t, "force")
	if rapid.Bool().Draw(t, "exec") {
		o.Exec = []flow.Action{flow.Set(termOf(t, flow.CTMark)), flow.Set(termOf(t, flow.CTLabel))}
	}
	if rapid.Bool().Draw(t, "nat") {
		o.NAT = drawNAT(t, k.name == "ipv6")
	}
	return flow.CT(o)
}

func drawNAT(t *rapid.T, v6 bool) *flow.NAT {
	n := &flow.NAT{Src: rapid.Bool().Draw(t, "src")}
	n.Dst = !n.Src
	if rapid.Bool().Draw(t, "no range") {
		return n
	}
	if n.MinAddr = addr(t, v6); n.MinAddr.IsUnspecified() {
		n.MinAddr = n.MinAddr.Next()
	}
	if rapid.Bool().Draw(t, "range") {
		if n.MaxAddr = addr(t, v6); n.MaxAddr.Less(n.MinAddr) {
			n.MaxAddr = n.MinAddr
		}
	}
	if rapid.Bool().Draw(t, "ports") {
		n.MinPort = rapid.Uint16Range(1, 0xffff).Draw(t, "port")
		n.MaxPort = rapid.Uint16Range(n.MinPort, 0xffff).Draw(t, "last port")
	}
	n.Persistent = rapid.Bool().Draw(t, "persistent")
	n.Hash = rapid.Bool().Draw(t, "hash")
	n.Random = !n.Hash && rapid.Bool().Draw(t, "random")
	return n
}

func drawBundle(t *rapid.T) flow.BundleOptions {
	return flow.BundleOptions{Fields: flow.HashFields(rapid.IntRange(0, 6).Draw(t, "fields")), Basis: u16(t, "basis"),
		Algorithm: flow.MemberAlgorithm(rapid.IntRange(0, 1).Draw(t, "algorithm")), Members: []flow.Port{1, port(t), 3}[:rapid.IntRange(0, 3).Draw(t, "members")]}
}

func drawLearn(t *rapid.T, k kindOfPacket) flow.Action {
	l := flow.Learn{Table: flow.TableID(rapid.IntRange(0, 253).Draw(t, "table")), IdleTimeout: u16(t, "idle"), HardTimeout: u16(t, "hard"), FinIdleTimeout: u16(t, "fin idle"),
		FinHardTimeout: u16(t, "fin hard"), Priority: flow.Priority(u16(t, "priority")), Cookie: flow.Cookie(u32(t, "cookie")),
		SendFlowRem: rapid.Bool().Draw(t, "send_flow_rem"), DeleteLearned: rapid.Bool().Draw(t, "delete_learned")}
	l.Specs = []flow.LearnSpec{
		{Kind: flow.LearnMatch, Dst: flow.EthType.Whole(), Value: []byte{8, 0}},
		{Kind: flow.LearnMatch, Dst: flow.IPProto.Whole(), Value: []byte{6}},
		{Kind: flow.LearnMatch, Dst: flow.TCPDst.Whole(), Src: flow.TCPSrc.Whole()},
		{Kind: flow.LearnOutput, Src: flow.InPort.Whole()},
	}
	for range rapid.IntRange(0, 4).Draw(t, "specs") {
		l.Specs = append(l.Specs, drawSpec(t, k))
	}
	return flow.LearnFlow(l)
}

// drawSpec draws a specification about registers and metadata, which every packet has.
func drawSpec(t *rapid.T, k kindOfPacket) flow.LearnSpec {
	f := rapid.SampledFrom([]*flow.Field{flow.Reg[0], flow.XXReg[1], flow.XReg[2], flow.Metadata, flow.EthSrc, flow.TunID, flow.PktMark}).Draw(t, "learn")
	n := rapid.IntRange(1, f.Bits()).Draw(t, "learn bits")
	s := flow.LearnSpec{Kind: rapid.SampledFrom([]flow.LearnKind{flow.LearnMatch, flow.LearnLoad}).Draw(t, "learn kind"), Dst: f.Part(rapid.IntRange(0, f.Bits()-n).Draw(t, "learn first"), n)}
	if rapid.Bool().Draw(t, "learn a number") {
		s.Value = numberOf(t, n, (n+7)/8, "learn value")
		return s
	}
	s.Src = flow.XXReg[2].Part(rapid.IntRange(0, 128-n).Draw(t, "learn from"), n)
	return s
}
