package expr

import (
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// TestSlots holds each slot against sdk/flow: header, size, width, mask, and place in a canonical match.
func TestSlots(t *testing.T) {
	for s := range slotCount {
		f := slots[s].field
		exact, masked := lex.Ones(int(slots[s].bits)), lex.Uint(1)
		switch {
		case s == slotVLANPCP || s == slotVLANVID:
			exact = lex.Uint(exact.Lo >> 1)
		case !s.possible(exact):
			exact = lex.Ones(8)
		}
		c := prerequisitesOf(s)
		c.put(s, exact, lex.Ones(int(slots[s].bits)))
		checkMatch(t, f, &c)
		if f.Maskable() {
			c.put(s, masked, masked)
			checkMatch(t, f, &c)
		}
		if c.unmet() != 0 {
			t.Errorf("%s: unmet prerequisites", f)
		}
		if c := (constraints{}); c.meet(s, masked, masked) && (c.unmet() == 0) != needsNothing(f) {
			t.Errorf("%s alone: prerequisites met is %v", f, c.unmet() == 0)
		}
	}
}

// prerequisitesOf is a match that a slot may be in.
func prerequisitesOf(s slot) (c constraints) {
	ether, proto := uint64(ethIPv4), uint64(0)
	switch {
	case s == slotIPv6Src, s == slotIPv6Dst, s == slotIPv6Label:
		ether = ethIPv6
	case s >= slotICMPv6Type && s <= slotNDTLL:
		ether, proto = ethIPv6, protoICMPv6
	case s == slotARPSPA, s == slotARPTPA, s >= slotARPOp && s <= slotARPTHA:
		ether = ethARP
	case s == slotICMPType, s == slotICMPCode:
		proto = protoICMP
	case s == slotTCPSrc, s == slotTCPDst, s == slotTCPFlags:
		proto = protoTCP
	case s == slotUDPSrc, s == slotUDPDst:
		proto = protoUDP
	case s == slotSCTPSrc, s == slotSCTPDst:
		proto = protoSCTP
	}
	c.put(slotEthType, lex.Uint(ether), lex.Ones(16))
	if proto != 0 {
		c.put(slotIPProto, lex.Uint(proto), lex.Ones(8))
	}
	switch s {
	case slotNDTarget, slotNDSLL:
		c.put(slotICMPv6Type, lex.Uint(ndSolicit), lex.Ones(8))
	case slotNDTLL:
		c.put(slotICMPv6Type, lex.Uint(ndAdvert), lex.Ones(8))
	case slotVLANPCP:
		c.put(slotVLANVID, lex.Uint(vlanPresent), lex.Uint(vlanPresent))
	}
	return c
}

// needsNothing says whether sdk/flow makes a match of the field alone, without a prerequisite.
func needsNothing(f *flow.Field) bool {
	m, err := flow.NewMatch(f.Is(1))
	return err == nil && len(m) == 4+int(m[3]) || f == flow.VLANPCP // which write looks at by itself
}

// checkMatch compares what constraints say with what sdk/flow makes of the same terms.
func checkMatch(t *testing.T, f *flow.Field, c *constraints) {
	t.Helper()
	var terms []flow.Term
	for s := range slotCount {
		if c.set&(1<<s) != 0 {
			size := int(slots[s].size)
			terms = append(terms, slots[s].field.IsMaskedBytes(c.values[s].AppendBytes(nil, size), c.masks[s].AppendBytes(nil, size)))
		}
	}
	want, err := flow.NewMatch(terms...)
	if err != nil {
		t.Errorf("%s: %v", f, err)
		return
	}
	if got := flow.Match(c.append(nil)); got != want {
		t.Errorf("%s: %x instead of %x", f, string(got), string(want))
	}
}

func TestViews(t *testing.T) {
	value := lex.Value{Hi: 0x0123456789abcdef, Lo: 0xfedcba9876543210}
	for _, f := range []*flow.Field{flow.XXReg[1], flow.XReg[4], flow.Reg[7], flow.VLANTCI, flow.CTLabel, flow.EthDst} {
		var p Packet
		v := value.And(lex.Ones(f.Bits()))
		p.Set(f, v)
		if got := p.Get(f); got != v {
			t.Errorf("%s is %x after it was set to %x", f, got, v)
		}
	}
	var p Packet
	p.Set(flow.XXReg[1], value)
	if got := p.Get(flow.Reg[4]); got != lex.Uint(0x01234567) {
		t.Errorf("reg4 is %x", got)
	}
	if got := p.Get(flow.XReg[3]); got != lex.Uint(value.Lo) {
		t.Errorf("xreg3 is %x", got)
	}
}
