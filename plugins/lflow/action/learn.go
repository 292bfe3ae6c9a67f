package action

import (
	"net/netip"
	"strconv"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// transport is a protocol by its number in IP, 0 for none.
type transport uint8

const (
	protoTCP  transport = 6
	protoUDP  transport = 17
	protoSCTP transport = 132
)

func (t transport) String() string {
	switch t {
	case protoUDP:
		return "udp"
	case protoSCTP:
		return "sctp"
	}
	return "tcp"
}

// ports are the fields with the source and destination port.
func (t transport) ports() (src, dst *flow.Field) {
	switch t {
	case protoUDP:
		return flow.UDPSrc, flow.UDPDst
	case protoSCTP:
		return flow.SCTPSrc, flow.SCTPDst
	}
	return flow.TCPSrc, flow.TCPDst
}

// argument reads "name =".
func (p *parser) argument(name string) {
	if !p.MatchID(name) {
		p.SyntaxErrorf("invalid parameter")
		return
	}
	p.ForceMatch(lex.Equals)
}

func (p *parser) transport() transport {
	for _, t := range []transport{protoTCP, protoUDP, protoSCTP} {
		if p.MatchID(t.String()) {
			return t
		}
	}
	p.SyntaxErrorf("invalid protocol")
	return 0
}

const (
	ethIPv4 = 0x0800
	ethIPv6 = 0x86dd
)

// ipFields are the Ethernet type, and the fields with the addresses, of a version of IP.
func ipFields(v6 bool) (ethType uint16, src, dst *flow.Field) {
	if v6 {
		return ethIPv6, flow.IPv6Src, flow.IPv6Dst
	}
	return ethIPv4, flow.IPSrc, flow.IPDst
}

// Specifications of learned flows.

// same matches what the packet has in the field.
func same(f *flow.Field) flow.LearnSpec { return swapped(f, f) }

// swapped matches in dst what the packet has in src.
func swapped(dst, src *flow.Field) flow.LearnSpec {
	return flow.LearnSpec{Kind: flow.LearnMatch, Src: src.Whole(), Dst: dst.Whole()}
}

func is(f *flow.Field, v []byte) flow.LearnSpec {
	return flow.LearnSpec{Kind: flow.LearnMatch, Value: v, Dst: f.Whole()}
}

func loads(dst flow.Part, v []byte) flow.LearnSpec {
	return flow.LearnSpec{Kind: flow.LearnLoad, Value: v, Dst: dst}
}

func uint16Bytes(v uint16) []byte { return []byte{byte(v >> 8), byte(v)} }

// learnedPriority is that of all learned flows (OFP_DEFAULT_PRIORITY).
const learnedPriority = 32768

// commitECMP learns that packets in both directions of the packet's connection are to use its next hop.
type commitECMP struct {
	v6    bool
	proto transport
}

func parseCommitECMP(p *parser) action {
	a := new(commitECMP)
	p.ForceMatch(lex.LParen)
	p.argument("ipv6")
	if !p.Failed() {
		a.v6 = p.truth()
	}
	p.ForceMatch(lex.Comma)
	p.argument("proto")
	a.proto = p.transport()
	p.ForceMatch(lex.RParen)
	return a
}

func (a *commitECMP) append(b []byte) []byte {
	b = strconv.AppendBool(append(b, "commit_ecmp_nh(ipv6 = "...), a.v6)
	return append(append(append(b, ", proto = "...), a.proto.String()...), ");"...)
}

func (a *commitECMP) encode(e *encoder) {
	ethType, src, dst := ipFields(a.v6)
	sport, dport := a.proto.ports()
	fixed := func(ips, ports [2]flow.LearnSpec) []flow.LearnSpec {
		return []flow.LearnSpec{
			is(flow.EthType, uint16Bytes(ethType)), ips[0], ips[1],
			is(flow.IPProto, []byte{byte(a.proto)}), ports[0], ports[1],
			loads(e.dialect.Pipeline.Flags.Part(flagLookupECMP, 1), []byte{1}),
		}
	}
	learned := flow.Learn{IdleTimeout: 20, HardTimeout: 30, Priority: learnedPriority, DeleteLearned: true}

	learned.Table = e.tables().ECMPNextHopMAC
	learned.Specs = append([]flow.LearnSpec{same(flow.Metadata), same(flow.EthSrc)},
		fixed([2]flow.LearnSpec{same(src), same(dst)}, [2]flow.LearnSpec{same(sport), same(dport)})...)
	e.put(flow.LearnFlow(learned))

	learned.Table = e.tables().ECMPNextHop
	learned.Specs = append([]flow.LearnSpec{same(flow.Metadata)},
		fixed([2]flow.LearnSpec{swapped(src, dst), swapped(dst, src)}, [2]flow.LearnSpec{swapped(sport, dport), swapped(dport, sport)})...)
	e.put(flow.LearnFlow(learned))
}

// commitLBAff learns that connections of a client to a load balancer go to one backend.
type commitLBAff struct {
	vip, backend netip.AddrPort
	proto        transport // 0 when the load balancer has no port
	timeout      uint16    // seconds after the last packet
}

func parseCommitLBAff(p *parser) action {
	a := new(commitLBAff)
	p.ForceMatch(lex.LParen)
	a.vip = p.endpoint("vip")
	p.Next()
	p.ForceMatch(lex.Comma)
	a.backend = p.endpoint("backend")
	if !p.Failed() && a.backend.Addr().Is4() != a.vip.Addr().Is4() {
		p.SyntaxErrorf("invalid protocol family")
	}
	p.Next()
	p.ForceMatch(lex.Comma)
	if a.vip.Port() != 0 {
		p.argument("proto")
		a.proto = p.transport()
		p.ForceMatch(lex.Comma)
	}
	p.argument("timeout")
	if !p.Failed() {
		a.timeout, _ = p.uint16("affinity timeout")
	}
	p.ForceMatch(lex.RParen)
	return a
}

// endpoint reads `name = "1.2.3.4:80"`, without the port or with an IPv6 address in brackets, and stays at the string.
func (p *parser) endpoint(name string) (at netip.AddrPort) {
	p.argument(name)
	ok := p.Token.Kind == lex.String
	if ok {
		at, ok = parseEndpoint(p.Token.Text)
	}
	if !ok {
		p.SyntaxErrorf("invalid parameter")
	}
	return at
}

// parseEndpoint is an address, with a port or without, which then is 0.
func parseEndpoint(s string) (netip.AddrPort, bool) {
	if at, err := netip.ParseAddrPort(s); err == nil {
		return at, at.Addr().Zone() == ""
	}
	if n := len(s); n > 2 && s[0] == '[' && s[n-1] == ']' {
		s = s[1 : n-1]
	}
	a, err := netip.ParseAddr(s)
	return netip.AddrPortFrom(a, 0), err == nil && a.Zone() == ""
}

// appendEndpoint appends it as parseEndpoint reads it, IPv6 always in brackets.
func appendEndpoint(b []byte, at netip.AddrPort) []byte {
	b = append(b, '"')
	if a := at.Addr(); a.Is4() {
		b = a.AppendTo(b)
	} else {
		b = lex.AppendValue(append(b, '['), lex.Bytes(a.As16()), lex.IPv6)
		b = append(b, ']')
	}
	if at.Port() != 0 {
		b = strconv.AppendUint(append(b, ':'), uint64(at.Port()), 10)
	}
	return append(b, '"')
}

func (a *commitLBAff) append(b []byte) []byte {
	b = appendEndpoint(append(b, "commit_lb_aff(vip = "...), a.vip)
	b = appendEndpoint(append(b, ", backend = "...), a.backend)
	if a.proto != 0 {
		b = append(append(b, ", proto = "...), a.proto.String()...)
	}
	return append(strconv.AppendUint(append(b, ", timeout = "...), uint64(a.timeout), 10), ");"...)
}

func (a *commitLBAff) encode(e *encoder) {
	ethType, src, dst := ipFields(!a.vip.Addr().Is4())
	specs := []flow.LearnSpec{
		same(flow.Metadata), is(flow.EthType, uint16Bytes(ethType)), same(src), is(dst, a.vip.Addr().AsSlice()),
	}
	if a.proto != 0 {
		_, port := a.proto.ports()
		specs = append(specs, is(flow.IPProto, []byte{byte(a.proto)}), is(port, uint16Bytes(a.vip.Port())))
	}
	r := e.registers()
	address := r.BackendIPv4
	switch {
	case a.vip.Addr().Is4():
	case e.Switch:
		address = r.BackendSwitchIPv6
	default:
		address = r.BackendRouterIPv6
	}
	specs = append(specs, loads(e.dialect.Pipeline.Flags.Part(flagUseLBAffinity, 1), []byte{1}),
		loads(address.Whole(), a.backend.Addr().AsSlice()))
	if a.backend.Port() != 0 {
		specs = append(specs, loads(r.BackendPort.Part(0, 16), uint16Bytes(a.backend.Port())))
	}
	learned := flow.Learn{
		Table: e.tables().LBAffinity, IdleTimeout: a.timeout, Priority: learnedPriority, DeleteLearned: true, Specs: specs,
	}
	if e.dialect.Actions.CookieInLearned {
		learned.Cookie = flow.Cookie(e.cookie())
	}
	e.put(flow.LearnFlow(learned))
}
