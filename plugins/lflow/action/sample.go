package action

import (
	"encoding/binary"
	"strconv"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// sample reports some packets to IPFIX collectors.
type sample struct {
	probability uint16 // of 65,535
	set         uint32
	domain      uint8
	point       uint32
	cookie      bool        // point is the logical flow's cookie
	from        *expr.Field // point is what a field has
}

func parseSample(p *parser) action {
	a := new(sample)
	if p.Match(lex.LParen) {
		for !p.Match(lex.RParen) {
			p.sampleArgument(a)
			if p.Failed() {
				return nil
			}
			p.Match(lex.Comma)
		}
	}
	if a.probability == 0 {
		p.Errorf("probability must be greater than zero")
	}
	return a
}

func (p *parser) sampleArgument(a *sample) {
	switch {
	case p.MatchID("probability"):
		if p.ForceMatch(lex.Equals) && p.isDecimal() {
			a.probability, _ = p.uint16("probability")
		}
	case p.MatchID("obs_point"):
		if p.ForceMatch(lex.Equals) {
			p.samplePoint(a)
		}
	case p.MatchID("obs_domain"):
		if !p.ForceMatch(lex.Equals) {
			return
		}
		if p.isDecimal() {
			domain := uint32(p.Token.Value.Lo)
			if domain > 0xff {
				p.SyntaxErrorf("obs_domain must be 8-bit long")
			}
			a.domain = uint8(domain)
		}
		p.Next()
	case p.MatchID("collector_set"):
		if !p.ForceMatch(lex.Equals) {
			return
		}
		if p.isDecimal() {
			a.set = uint32(p.Token.Value.Lo)
		}
		p.Next()
	default:
		p.SyntaxErrorf("unknown argument")
	}
}

func (p *parser) samplePoint(a *sample) {
	switch {
	case p.Token.Kind == lex.Macro && p.Token.Text == "cookie":
		a.cookie = true
		p.Next()
	case p.isDecimal():
		a.point = uint32(p.Token.Value.Lo)
		p.Next()
	case p.env.dialect.Release == dialect.Release2303:
		p.SyntaxErrorf("malformed sample observation_point_id")
	default:
		f := p.field(32)
		a.from = &f
	}
}

func (a *sample) append(b []byte) []byte {
	b = strconv.AppendUint(append(b, "sample(probability="...), uint64(a.probability), 10)
	b = strconv.AppendUint(append(b, ",collector_set="...), uint64(a.set), 10)
	b = strconv.AppendUint(append(b, ",obs_domain="...), uint64(a.domain), 10)
	b = append(b, ",obs_point="...)
	switch {
	case a.cookie:
		b = append(b, "$cookie"...)
	case a.from != nil:
		b = a.from.Append(b)
	default:
		b = strconv.AppendUint(b, uint64(a.point), 10)
	}
	return append(b, ");"...)
}

// cookie is the low half of the cookie that flows of the logical flow have: the first 32 bits of its UUID.
func (e *encoder) cookie() uint32 { return binary.BigEndian.Uint32(e.UUID[:]) }

func (a *sample) encode(e *encoder) {
	if e.Collector == nil || !e.Collector(a.set) {
		return
	}
	domain, point := uint32(a.domain)<<24|e.Datapath&0xffffff, a.point
	if a.cookie {
		point = e.cookie()
	}
	if a.from == nil {
		e.put(flow.Sample(flow.SampleOptions{Probability: a.probability, CollectorSet: a.set, Domain: domain, Point: point}))
		return
	}
	// NXAST_SAMPLE4, of Open vSwitch 3.5 and later: probability(2) collector_set(4) domain_src(4) domain(4) point_src(4)
	// point_bits(2) zeros(2) sampling_port(2) direction(1) zeros(5).
	const subSample4, noPort = 51, 0xffff
	src := part(*a.from)
	start := e.begin(subSample4)
	e.uint16s(a.probability)
	e.uint32s(a.set, 0, domain, e.headers[src.Field].newest)
	e.uint16s(uint16(src.First<<6|(src.Bits-1)), 0, noPort)
	e.zero(6)
	e.end(start)
}
