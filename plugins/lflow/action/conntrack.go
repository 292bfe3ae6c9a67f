package action

import (
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

func conntrackStatements() []statementRow {
	return []statementRow{
		{"ct_clear", func(*parser) action { return ctClear{} }, always},
		{"ct_next", parseCTNext, in2303},
		{"ct_next", zoned("ct_next", ctZoned{}), in2603},
		{"ct_commit_nat", parseCTCommitNAT, in2303},
		{"ct_commit_nat", zoned("ct_commit_nat", ctZoned{commit: true, nat: true}), in2603},
		{"ct_commit_to_zone", zoned("ct_commit_to_zone", ctZoned{commit: true, required: true}), in2603},
		{"ct_commit", parseCTCommit, always},
		{"ct_dnat", natted("ct_dnat", zoneDNAT, false), always},
		{"ct_snat", natted("ct_snat", zoneSNAT, true), always},
		{"ct_dnat_in_czone", natted("ct_dnat_in_czone", zoneCommon, false), always},
		{"ct_snat_in_czone", natted("ct_snat_in_czone", zoneCommon, true), always},
		{"ct_lb", balanced("ct_lb", lbKind{label: true}), in2303},
		{"ct_lb_mark", balanced("ct_lb_mark", lbKind{}), always},
		{"ct_lb_mark_local", balanced("ct_lb_mark_local", lbKind{local: true}), in2603},
		{"fwd_group", parseFwdGroup, always},
	}
}

// Flags of NXAST_CT, and the table that stands for none.
const (
	ctCommitFlag = 1
	ctNoTable    = 255
)

// beginCT starts an action of connection tracking: flags(2) zone_src(4) zone_bits(2) table(1) zeros(3) alg(2), then actions.
func (e *encoder) beginCT(flags uint16, zone *flow.Field, table flow.TableID) (start int) {
	const low16Bits = 0<<6 | 15
	start = e.begin(subCT)
	e.uint16s(flags)
	e.uint32s(e.headers[zone].oldest)
	e.uint16s(low16Bits)
	e.uint32s(uint32(table) << 24)
	e.uint16s(0)
	return start
}

// Flags of NXAST_NAT, and what of its range is there.
const (
	natSrc    = 1 << 0
	natDst    = 1 << 1
	natRandom = 1 << 4

	natIPv4Min = 1 << 0
	natIPv6Min = 1 << 2
	natPortMin = 1 << 4
	natPortMax = 1 << 5
)

// nat puts NXAST_NAT without a range: zeros(2) flags(2) range_present(2).
func (e *encoder) nat(flags uint16) {
	start := e.begin(subNAT)
	e.uint16s(0, flags, 0)
	e.end(start)
}

// ctClear forgets what connection tracking has said of the packet.
type ctClear struct{}

func (ctClear) append(b []byte) []byte { return append(b, "ct_clear;"...) }
func (ctClear) encode(e *encoder)      { e.put(flow.CTClear()) }

// ctZoned sends the packet through connection tracking, in the zone of the port, and on to the next table. A router has two zones,
// of which 26.03 lets logical flows choose.
type ctZoned struct {
	name        string // with the zone that was chosen
	to          target
	commit, nat bool
	snat        bool
	required    bool // the zone must be named
}

// zoned reads the form with a zone.
func zoned(name string, a ctZoned) statement {
	return func(p *parser) action {
		a := a
		a.to = p.next()
		p.need("ip")
		if !p.notInLast(name) {
			return nil
		}
		a.name = name + "(dnat)"
		switch {
		case a.required:
			p.ForceMatch(lex.LParen)
		case !p.Match(lex.LParen):
			return &a
		}
		switch {
		case p.MatchID("dnat"):
		case p.MatchID("snat"):
			a.name, a.snat = name+"(snat)", true
		default:
			p.Errorf("\"%s\" action accepts only \"dnat\" or \"snat\" parameter.", name)
		}
		p.ForceMatch(lex.RParen)
		return &a
	}
}

func parseCTNext(p *parser) action {
	if p.notInLast("ct_next") {
		p.need("ip")
	}
	return &ctZoned{name: "ct_next", to: p.next()}
}

func parseCTCommitNAT(p *parser) action {
	p.need("ip")
	p.notInLast("ct_commit_nat")
	return &ctZoned{name: "ct_commit_nat", to: p.next(), commit: true, nat: true}
}

func (a *ctZoned) append(b []byte) []byte { return append(append(b, a.name...), ';') }

func (a *ctZoned) encode(e *encoder) {
	var flags uint16
	if a.commit {
		flags = ctCommitFlag
	}
	start := e.beginCT(flags, e.zoneOf(a.snat), e.table(a.to))
	if a.nat {
		e.nat(0)
	}
	e.end(start)
}
