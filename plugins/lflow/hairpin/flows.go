package hairpin

import (
	"net/netip"

	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Priorities (lflow.c, add_lb_vip_hairpin_flows and add_lb_ct_snat_hairpin_for_dp). What is for one datapath comes before what is for
// all, and what is for one port before what is for all.
const (
	priority         flow.Priority = 100
	priorityDatapath flow.Priority = 200
	lessWithoutPort  flow.Priority = 10
	priorityLearned  flow.Priority = 32768 // OFP_DEFAULT_PRIORITY
)

// Numbers on the wire, and bits of ct_state (ovs-fields(7)).
const (
	etherTypeIPv4 = 0x0800
	etherTypeIPv6 = 0x86dd

	ctTracked = 0x20
	ctDNAT    = 0x80

	ctNATted = 1 << 1 // of ct_mark and ct_label, in OVN (OVN_CT_NATTED)
)

// transport is an IP protocol with ports.
type transport uint8

const (
	protoTCP  transport = 6
	protoUDP  transport = 17
	protoSCTP transport = 132
)

// protocol reads Load_Balancer.protocol, in which nothing means TCP.
func protocol(text *string) transport {
	switch {
	case text != nil && *text == "udp":
		return protoUDP
	case text != nil && *text == "sctp":
		return protoSCTP
	}
	return protoTCP
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

// family are the fields of an IP version.
type family struct {
	etherType     uint16
	src, dst      *flow.Field
	ctDst, regDst *flow.Field // where the VIP is that the connection was for
}

func (m *maker) family(a netip.Addr) family {
	r := &m.dialect.Actions.Registers
	if a.Is4() {
		return family{etherTypeIPv4, flow.IPSrc, flow.IPDst, flow.CTNwDst, r.VIPIPv4}
	}
	return family{etherTypeIPv6, flow.IPv6Src, flow.IPv6Dst, flow.CTIPv6Dst, r.VIPIPv6}
}

// maker makes the flows of one load balancer.
type maker struct {
	dialect  *dialect.Dialect
	options  *Options
	proto    transport
	original bool // registers tell what connections were for
	snat     snat
	cookie   flow.Cookie // of learned flows
	flows    []flow.Flow
	keys     map[flow.Key]struct{} // of the flows: a backend may be named twice
	errs     []error
}

// isFor matches packets of connections to a VIP.
func (m *maker) isFor(v *vip) []flow.Term {
	f, a := m.family(v.Addr()), v.Addr().AsSlice()
	terms := []flow.Term{flow.EthType.Is(uint64(f.etherType))}
	if v.Port() != 0 {
		terms = append(terms, flow.IPProto.Is(uint64(m.proto)))
	}
	if m.original {
		terms = append(terms, f.regDst.IsBytes(a))
		if v.Port() != 0 {
			terms = append(terms, m.dialect.Actions.Registers.VIPPort.IsMasked(uint64(v.Port()), 0xffff))
		}
		return terms
	}
	terms = append(terms, flow.CTState.IsMasked(ctTracked|ctDNAT, ctTracked|ctDNAT), f.ctDst.IsBytes(a))
	if v.Port() != 0 {
		terms = append(terms, flow.CTNwProto.Is(uint64(m.proto)), flow.CTTpDst.Is(uint64(v.Port())))
	}
	return terms
}

// detect finds packets that go back to the backend that they come from, and learns to find the answers.
func (m *maker) detect(v *vip, backend netip.AddrPort) {
	f, a := m.family(v.Addr()), backend.Addr().AsSlice()
	terms := append(m.isFor(v), f.src.IsBytes(a), f.dst.IsBytes(a))
	if backend.Port() != 0 {
		_, dst := m.proto.ports()
		terms = append(terms, dst.Is(uint64(backend.Port())))
	}
	marked := flow.CTMark
	if !m.options.CTMark {
		marked = flow.CTLabel
	}
	terms = append(terms, marked.IsMasked(ctNATted, ctNATted))
	const bit = 1 << pipeline.FlagLookupLBHairpin
	m.add(m.dialect.Actions.Tables.LBHairpin, priority, terms, flow.SetFieldMasked(m.dialect.Pipeline.Flags, bit, bit), m.learn(v))
}

// learn makes a flow for answers: from the backend, to what the source of the packet becomes.
func (m *maker) learn(v *vip) flow.Action {
	f := m.family(v.Addr())
	source, _ := m.snat.of(v.Addr())
	specs := []flow.LearnSpec{
		same(flow.Metadata),
		is(flow.EthType, []byte{byte(f.etherType >> 8), byte(f.etherType)}),
		same(f.src),
		is(f.dst, source.AsSlice()),
	}
	if v.Port() != 0 {
		src, dst := m.proto.ports()
		specs = append(specs, is(flow.IPProto, []byte{byte(m.proto)}),
			flow.LearnSpec{Kind: flow.LearnMatch, Src: dst.Whole(), Dst: src.Whole()})
	} else {
		specs = append(specs, same(flow.IPProto))
	}
	flag := m.dialect.Pipeline.Flags.Part(pipeline.FlagLookupLBHairpin, 1)
	return flow.LearnFlow(flow.Learn{
		Table: m.dialect.Actions.Tables.LBHairpinReply, Priority: priorityLearned, Cookie: m.cookie, DeleteLearned: true,
		Specs: append(specs, flow.LearnSpec{Kind: flow.LearnLoad, Value: []byte{1}, Dst: flag}),
	})
}

func same(f *flow.Field) flow.LearnSpec {
	return flow.LearnSpec{Kind: flow.LearnMatch, Src: f.Whole(), Dst: f.Whole()}
}

func is(f *flow.Field, v []byte) flow.LearnSpec {
	return flow.LearnSpec{Kind: flow.LearnMatch, Value: v, Dst: f.Whole()}
}

// translate makes the source of such packets the VIP, or else hairpin_snat_ip. Two load balancers may have the same VIP in different
// datapaths and different hairpin_snat_ips: then there is a flow for each datapath.
func (m *maker) translate(v *vip) {
	source, other := m.snat.of(v.Addr())
	action := flow.CT(flow.CTOptions{
		Commit: true, ZonePart: m.dialect.Pipeline.SNATZone.Part(0, 16), NAT: &flow.NAT{Src: true, MinAddr: source},
	})
	table, less := m.dialect.Actions.Tables.CTSNATHairpin, flow.Priority(0)
	if v.Port() == 0 {
		less = lessWithoutPort
	}
	if !other {
		m.add(table, priority-less, m.isFor(v), action)
		return
	}
	for _, key := range m.options.Datapaths {
		m.add(table, priorityDatapath-less, append(m.isFor(v), m.dialect.Pipeline.Datapath.Is(uint64(key))), action)
	}
}

func (m *maker) add(table flow.TableID, priority flow.Priority, terms []flow.Term, list ...flow.Action) {
	f, err := flow.New(table, priority, terms, list...)
	if err != nil {
		m.errs = append(m.errs, err)
		return
	}
	if _, is := m.keys[f.Key]; !is {
		m.keys[f.Key] = struct{}{}
		m.flows = append(m.flows, f)
	}
}
