package action

import (
	"strings"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// ctCommit remembers the packet's connection. The nested actions set its mark and label.
type ctCommit struct{ actions []action }

func parseCTCommit(p *parser) action {
	switch {
	case p.Token.Kind == lex.LCurly:
		list, _ := p.nested(expr.WriteCTCommit)
		p.need("ip")
		return &ctCommit{list}
	case p.Token.Kind != lex.Semicolon && p.env.dialect.Release == dialect.Release2303:
		return parseCTCommitOld(p)
	}
	p.need("ip")
	return &ctCommit{}
}

func (a *ctCommit) append(b []byte) []byte {
	if len(a.actions) == 0 {
		return append(b, "ct_commit;"...)
	}
	return appendNested(b, "ct_commit", a.actions)
}

// encode puts the nested actions inside of ct. OVN 23.03 loses track of where ct begins when other actions are in front of it, and
// overwrites what it should have written; that is not copied.
func (a *ctCommit) encode(e *encoder) {
	start := e.beginCommit(e.zone())
	for _, a := range a.actions {
		a.encode(e)
	}
	e.end(start)
}

// beginCommit starts an action that remembers a connection.
func (e *encoder) beginCommit(zone *flow.Field) (start int) {
	start = e.beginCT(ctCommitFlag, zone, ctNoTable)
	if e.ZeroSNAT {
		e.nat(natSrc) // so that connections without NAT do not collide with those that have it
	}
	return start
}

// ctCommitOld is the older form, ct_commit(ct_mark=1, ct_label=2). A mask of 0 means that nothing was said.
type ctCommitOld struct{ mark, markMask, label, labelMask lex.Value }

func parseCTCommitOld(p *parser) action {
	p.need("ip")
	a := new(ctCommitOld)
	if p.Match(lex.LParen) {
		for !p.Match(lex.RParen) {
			switch {
			case p.MatchID("ct_mark"):
				a.mark, a.markMask = p.commitArgument(32)
			case p.MatchID("ct_label"):
				a.label, a.labelMask = p.commitArgument(128)
			default:
				p.unexpected()
			}
			if p.Failed() {
				return nil
			}
			p.Match(lex.Comma)
		}
	}
	return a
}

// commitArgument reads "=value" or "=value/mask", of which what does not fit is dropped.
func (p *parser) commitArgument(bits int) (v, mask lex.Value) {
	if !p.ForceMatch(lex.Equals) {
		return v, mask
	}
	switch p.Token.Kind {
	case lex.Integer:
		mask = lex.Ones(bits)
	case lex.MaskedInteger:
		mask = p.Token.Mask.And(lex.Ones(bits))
	default:
		p.SyntaxErrorf("expecting integer")
		return v, mask
	}
	v = p.Token.Value.And(lex.Ones(bits))
	p.Next()
	return v, mask
}

func (a *ctCommitOld) append(b []byte) []byte {
	var said []string
	for _, arg := range []struct {
		name    string
		v, mask lex.Value
		bits    int
	}{{"ct_mark=", a.mark, a.markMask, 32}, {"ct_label=", a.label, a.labelMask, 128}} {
		if arg.mask.IsZero() {
			continue
		}
		text := lex.AppendHex([]byte(arg.name), arg.v)
		if arg.mask != lex.Ones(arg.bits) {
			text = lex.AppendHex(append(text, '/'), arg.mask)
		}
		said = append(said, string(text))
	}
	b = append(b, "ct_commit"...)
	if said != nil {
		b = append(append(append(b, '('), strings.Join(said, ", ")...), ')')
	}
	return append(b, ';')
}

// encode uses the zone of a port on routers, too, which have none: so it was in OVN (encode_CT_COMMIT_V1).
func (a *ctCommitOld) encode(e *encoder) {
	start := e.beginCommit(e.dialect.Pipeline.Zone)
	if !a.markMask.IsZero() {
		e.set(flow.CTMark, a.mark, a.markMask)
	}
	if !a.labelMask.IsZero() {
		e.set(flow.CTLabel, a.label, a.labelMask)
	}
	e.end(start)
}
