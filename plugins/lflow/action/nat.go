package action

import (
	"strconv"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// natZone says in which conntrack zone addresses are translated.
type natZone uint8

const (
	zoneDNAT natZone = iota
	zoneSNAT
	zoneCommon // the one that the datapath has for both
)

// ctNAT translates an address, and goes on in the next table. Without an address it does what is known of the connection.
type ctNAT struct {
	name       string
	zone       natZone
	src        bool
	to         target
	translates bool // there is an address
	address    lex.Value
	format     lex.Format // lex.IPv4 or lex.IPv6
	ports      bool
	low, high  uint16 // high is 0 for just one port
}

func natted(name string, zone natZone, src bool) statement {
	return func(p *parser) action {
		p.need("ip")
		a := &ctNAT{name: name, zone: zone, src: src, to: p.next()}
		if !p.notInLast(name) || !p.Match(lex.LParen) {
			return a
		}
		if !p.isIP() {
			p.SyntaxErrorf("expecting IPv4 or IPv6 address")
			return nil
		}
		a.translates, a.address, a.format = true, p.Token.Value, p.Token.Format
		p.Next()
		if p.Match(lex.Comma) {
			p.portRange(a)
		}
		p.ForceMatch(lex.RParen)
		return a
	}
}

// portRange reads "low" or "low-high". Of larger numbers the low 16 bits count.
func (p *parser) portRange(a *ctNAT) {
	if !p.isDecimal() {
		p.SyntaxErrorf("expecting Integer for port range")
	}
	a.ports, a.low = true, uint16(p.Token.Value.Lo)
	if a.low == 0 {
		p.SyntaxErrorf("range can't be 0")
	}
	p.Next()
	if !p.Match(lex.Hyphen) {
		return
	}
	if p.Token.Kind != lex.Integer {
		p.SyntaxErrorf("expecting Integer for port range")
	}
	a.high = uint16(p.Token.Value.Lo)
	if a.high <= a.low {
		p.SyntaxErrorf("range high should be greater than range low")
	}
	p.Next()
}

func (a *ctNAT) append(b []byte) []byte {
	b = append(b, a.name...)
	if !a.translates {
		return append(b, ';')
	}
	b = lex.AppendValue(append(b, '('), a.address, a.format)
	if a.ports {
		b = strconv.AppendUint(append(b, ','), uint64(a.low), 10)
	}
	if a.high != 0 {
		b = strconv.AppendUint(append(b, '-'), uint64(a.high), 10)
	}
	return append(b, ");"...)
}

func (a *ctNAT) encode(e *encoder) {
	zone := e.natZone(a.zone)
	if !a.translates {
		start := e.beginCT(0, zone, e.table(a.to))
		e.nat(0)
		e.end(start)
		return
	}
	start := e.beginCT(ctCommitFlag, zone, e.table(a.to))
	a.encodeRange(e)
	e.end(start)
}

// natZone is the register of a zone. On switches, too, it is one of a router's.
func (e *encoder) natZone(z natZone) *flow.Field {
	if z == zoneSNAT || z == zoneCommon && e.SNATZone {
		return e.dialect.Pipeline.SNATZone
	}
	return e.dialect.Pipeline.DNATZone
}

// encodeRange puts NXAST_NAT. The address 0 is none to Open vSwitch.
func (a *ctNAT) encodeRange(e *encoder) {
	flags, present := uint16(natDst), uint16(0)
	if a.src {
		flags = natSrc
	}
	if a.high != 0 && e.dialect.Actions.RandomPorts {
		flags |= natRandom
	}
	size := a.format.Bits() / 8
	switch {
	case a.address.IsZero():
		size = 0
	case size == 4:
		present = natIPv4Min
	default:
		present = natIPv6Min
	}
	if a.ports && size != 0 {
		present |= natPortMin
	}
	if a.high != 0 && size != 0 {
		present |= natPortMax
	}
	start := e.begin(subNAT)
	e.uint16s(0, flags, present)
	e.b = a.address.AppendBytes(e.b, size)
	if present&natPortMin != 0 {
		e.uint16s(a.low)
	}
	if present&natPortMax != 0 {
		e.uint16s(a.high)
	}
	e.end(start)
}
