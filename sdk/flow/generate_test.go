package flow_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"

	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// kindOfPacket is what a generated flow matches at the least: it decides which fields and actions there can be.
type kindOfPacket struct {
	name  string
	terms []flow.Term
}

var kindsOfPacket = []kindOfPacket{
	{"any", nil},
	{"tagged", []flow.Term{flow.VLANVID.IsMasked(0x1000, 0x1000)}},
	{"arp", []flow.Term{flow.EthType.Is(0x806)}},
	{"rarp", []flow.Term{flow.EthType.Is(0x8035)}},
	{"mpls", []flow.Term{flow.EthType.Is(0x8847)}},
	{"nsh", []flow.Term{flow.EthType.Is(0x894f)}},
	{"ip", []flow.Term{flow.EthType.Is(0x800)}},
	{"ipv6", []flow.Term{flow.EthType.Is(0x86dd)}},
	{"tracked ip", []flow.Term{flow.EthType.Is(0x800), flow.CTState.IsMasked(0x21, 0x21), flow.CTNwProto.Is(6)}},
	{"tracked ipv6", []flow.Term{flow.EthType.Is(0x86dd), flow.CTState.IsMasked(0x21, 0x21), flow.CTNwProto.Is(17)}},
	{"tcp", []flow.Term{flow.EthType.Is(0x800), flow.IPProto.Is(6), flow.CTState.IsMasked(0x21, 0x21)}},
	{"tcp6", []flow.Term{flow.EthType.Is(0x86dd), flow.IPProto.Is(6)}},
	{"udp", []flow.Term{flow.EthType.Is(0x800), flow.IPProto.Is(17), flow.CTState.IsMasked(0x21, 0x21)}},
	{"sctp", []flow.Term{flow.EthType.Is(0x800), flow.IPProto.Is(132)}},
	{"sctp6", []flow.Term{flow.EthType.Is(0x86dd), flow.IPProto.Is(132)}},
	{"icmp", []flow.Term{flow.EthType.Is(0x800), flow.IPProto.Is(1)}},
	{"icmp6", []flow.Term{flow.EthType.Is(0x86dd), flow.IPProto.Is(58)}},
	{"solicitation", []flow.Term{flow.EthType.Is(0x86dd), flow.IPProto.Is(58), flow.ICMPv6Type.Is(135)}},
	{"advertisement", []flow.Term{flow.EthType.Is(0x86dd), flow.IPProto.Is(58), flow.ICMPv6Type.Is(136)}},
	{"bare ip", []flow.Term{flow.PacketType.Is(0x10800)}},
}

func kindNamed(name string) kindOfPacket {
	i := slices.IndexFunc(kindsOfPacket, func(k kindOfPacket) bool { return k.name == name })
	return kindsOfPacket[i]
}

// fits says whether a match of this kind of packet may have the field, or already has it.
func (k kindOfPacket) fits(f *flow.Field) bool {
	for _, v := range []uint64{1, 0, 0x1000} {
		if _, err := flow.NewMatch(append(slices.Clip(k.terms), f.Is(v))...); err == nil {
			return true
		}
	}
	return k.has(f)
}

func (k kindOfPacket) has(f *flow.Field) bool {
	return slices.ContainsFunc(k.terms, func(t flow.Term) bool { return t.Field() == f })
}

// kindFor draws a kind of packet whose match may have the field.
func kindFor(t *rapid.T, f *flow.Field) kindOfPacket {
	fitting := slices.DeleteFunc(slices.Clone(kindsOfPacket), func(k kindOfPacket) bool { return !k.fits(f) })
	return rapid.SampledFrom(fitting).Draw(t, "kind of packet")
}

// numberOf draws a number of so many bits: often with few ones, zero, or all ones.
func numberOf(t *rapid.T, bits, size int, name string) []byte {
	b := make([]byte, size)
	set := func(i int) { b[size-1-i/8] |= 1 << (i % 8) }
	switch rapid.IntRange(0, 5).Draw(t, name+" form") {
	case 0:
	case 1:
		for i := range bits {
			set(i)
		}
	case 2:
		set(rapid.IntRange(0, bits-1).Draw(t, name+" bit"))
	default:
		seed := rapid.Uint64().Draw(t, name+" seed")
		r := rand.New(rand.NewPCG(seed, 1))
		for i := range bits {
			if r.IntN(2) == 0 {
				set(i)
			}
		}
	}
	return b
}

// bitsOf are the bits of a field that a generated value may use.
func bitsOf(f *flow.Field) int {
	if flow.IsVariable(f) {
		return 32 // what the test maps each option to
	}
	return f.Bits()
}

// termOf draws a match on the field.
func termOf(t *rapid.T, f *flow.Field) flow.Term {
	size := flow.Size(f)
	if flow.IsVariable(f) {
		size = 4
	}
	value := numberOf(t, bitsOf(f), size, "value")
	switch f {
	case flow.InPortOXM, flow.ActsetOutput, flow.InPort:
		port := rapid.SampledFrom([]flow.Port{1, 2, 0xfeff, flow.PortLocal, flow.PortController}).Draw(t, "port")
		return f.IsBytes([]byte{byte(port >> 24), byte(port >> 16), byte(port >> 8), byte(port)}[4-size:])
	case flow.EthType:
		return f.Is(rapid.SampledFrom([]uint64{0x600, 0x88cc, 0x800, 0x86dd, 0x806, 0x894f, 0x8847, 0xffff}).Draw(t, "type"))
	case flow.VLANVID:
		return rapid.SampledFrom([]flow.Term{f.Is(0), f.Is(0x1005), f.IsMasked(0x1000, 0x1000), f.IsMasked(0x1005, 0x100f), f.IsMasked(5, 0xf)}).Draw(t, "vid")
	case flow.VLANTCI:
		return rapid.SampledFrom([]flow.Term{f.Is(0), f.Is(0xf005), f.IsMasked(0x1000, 0x1000), f.IsMasked(0x7000, 0xf000), f.IsMasked(0x1003, 0x1fff)}).Draw(t, "tci")
	case flow.NSHTTL, flow.ARPOp:
		return f.Is(uint64(value[len(value)-1] & 0x3f))
	case flow.NSHMDType:
		return f.Is(rapid.SampledFrom([]uint64{1, 2}).Draw(t, "type"))
	case flow.CTNwProto:
		return f.Is(uint64(value[0] | 1))
	case flow.NwTOS:
		return f.Is(uint64(value[0] &^ 3))
	case flow.CTState:
		return f.IsMasked(rapid.Uint64Range(0, 0xff).Draw(t, "state"), rapid.Uint64Range(1, 0xff).Draw(t, "bits"))
	case flow.PacketType:
		return f.Is(rapid.SampledFrom([]uint64{0x10800, 0x186dd, 0x10005, 0}).Draw(t, "packet type"))
	case flow.TunGTPUFlags, flow.TunGTPUMsgType, flow.TunERSPANVer, flow.TunERSPANDir, flow.TunERSPANHwID:
		value[0] |= 1 // Open vSwitch 3.1 takes the value for the mask
	}
	if !f.Maskable() || rapid.Bool().Draw(t, "exact") {
		return f.IsBytes(value)
	}
	mask := numberOf(t, bitsOf(f), size, "mask")
	for i := range value {
		value[i] &= mask[i]
	}
	if flow.IsVariable(f) && isOnes(mask) {
		return f.IsBytes(value) // what the whole option is, only the switch knows
	}
	return f.IsMaskedBytes(value, mask)
}

func isOnes(b []byte) bool {
	for _, x := range b {
		if x != 0xff {
			return false
		}
	}
	return true
}

// matchOf draws a match of a kind of packet that has the field, and perhaps some others.
func matchOf(t *rapid.T, k kindOfPacket, f *flow.Field) flow.Match {
	terms := slices.Clone(k.terms)
	add := func(term flow.Term) {
		if _, err := flow.NewMatch(append(slices.Clone(terms), term)...); err == nil {
			terms = append(terms, term)
		}
	}
	if f != nil {
		add(termOf(t, f))
	}
	for range rapid.IntRange(0, 4).Draw(t, "more fields") {
		add(termOf(t, rapid.SampledFrom(flow.Fields()).Draw(t, "field")))
	}
	m, err := flow.NewMatch(terms...)
	if err != nil {
		t.Fatalf("%v: %v", k.name, err)
	}
	return m
}

// partOf draws bits of a field; at least so many, all of them from fields that this kind of packet has.
func partOf(t *rapid.T, k kindOfPacket, atLeast, atMost int, writable bool) flow.Part {
	fit := slices.DeleteFunc(flow.Fields(), func(f *flow.Field) bool {
		return !k.fits(f) || bitsOf(f) <= atLeast || writable && !f.Writable() || isAwkward(f) || f == flow.NSHTTL || f == flow.ARPOp
	})
	f := rapid.SampledFrom(fit).Draw(t, "part of")
	most := bitsOf(f)
	if flow.IsVariable(f) {
		most-- // a mask of the whole option comes back as none
	}
	n := rapid.IntRange(atLeast, min(atMost, most)).Draw(t, "bits")
	return f.Part(rapid.IntRange(0, bitsOf(f)-n).Draw(t, "first"), n)
}

// isAwkward tells fields that Open vSwitch treats in ways of their own when an action names them.
func isAwkward(f *flow.Field) bool {
	return slices.Contains([]*flow.Field{flow.CTMark, flow.CTLabel, flow.PacketType, flow.InPortOXM, flow.VLANVID}, f)
}

func port(t *rapid.T) flow.Port {
	return rapid.SampledFrom([]flow.Port{1, 2, 7, 0xfeff, flow.PortLocal, flow.PortInPort}).Draw(t, "port")
}

func u16(t *rapid.T, name string) uint16 { return rapid.Uint16().Draw(t, name) }
func u32(t *rapid.T, name string) uint32 { return rapid.Uint32().Draw(t, name) }

// flowOf draws a flow: a match with the field, if any, and the actions.
func flowOf(t *rapid.T, k kindOfPacket, f *flow.Field, instructions ...flow.Instruction) flow.Flow {
	a, err := flow.NewInstructions(instructions...)
	if err != nil {
		t.Fatalf("%s: %v", k.name, err)
	}
	return flow.Flow{Key: flow.Key{Match: matchOf(t, k, f)}, Actions: a, Cookie: flow.Cookie(u32(t, "cookie"))}
}

func addr(t *rapid.T, v6 bool) netip.Addr {
	if v6 {
		return netip.AddrFrom16([16]byte(numberOf(t, 120, 16, "address")))
	}
	return netip.AddrFrom4([4]byte(numberOf(t, 30, 4, "address")))
}

func describe(f *flow.Flow) string {
	return fmt.Sprintf("%s\n  match %x\n  actions %x", f, []byte(f.Match), []byte(f.Actions))
}
