package action

import (
	"slices"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// logPacket has a controller write a line about the packet.
type logPacket struct {
	name, meter       string
	verdict, severity uint8
}

// Words of a log, by their number on the wire (OVN, enum log_verdict and enum log_severity).
var (
	verdicts   = []string{"allow", "drop", "reject", "pass"}
	severities = []string{1: "alert", 4: "warning", 5: "notice", 6: "info", 7: "debug"}
)

const (
	verdictPass    = 3
	verdictUnknown = 0xff
	severityInfo   = 6
	maxLogName     = 63
)

func parseLog(p *parser) action {
	a := &logPacket{verdict: verdictUnknown, severity: severityInfo}
	if p.Match(lex.LParen) {
		for !p.Match(lex.RParen) {
			p.logArgument(a)
			if p.Failed() {
				return nil
			}
			p.Match(lex.Comma)
		}
	}
	if a.verdict == verdictUnknown {
		p.SyntaxErrorf("expecting verdict")
	}
	return a
}

func (p *parser) logArgument(a *logPacket) {
	switch {
	case p.MatchID("verdict"):
		if p.ForceMatch(lex.Equals) {
			a.verdict = p.verdict()
		}
	case p.MatchID("severity"):
		if p.ForceMatch(lex.Equals) {
			a.severity = p.severity()
		}
	case p.MatchID("name"):
		if p.ForceMatch(lex.Equals) {
			a.name = p.text(maxLogName)
		}
	case p.MatchID("meter"):
		if p.ForceMatch(lex.Equals) {
			a.meter = p.text(-1)
		}
	default:
		p.unexpected()
	}
}

func (p *parser) verdict() uint8 {
	i := -1
	if p.Token.Kind == lex.ID {
		i = slices.Index(verdicts, p.Token.Text)
	}
	if i < 0 || i == verdictPass && p.env.dialect.Release == dialect.Release2303 {
		p.SyntaxErrorf("unknown verdict")
		return 0
	}
	p.Next()
	return uint8(i)
}

func (p *parser) severity() uint8 {
	if p.Token.Kind != lex.ID {
		p.SyntaxErrorf("expecting severity")
		return 0
	}
	i := slices.Index(severities, p.Token.Text)
	if i < 0 {
		p.SyntaxErrorf("unknown severity")
		return 0
	}
	p.Next()
	return uint8(i)
}

// text reads a string of at most so many bytes, or of any length.
func (p *parser) text(most int) string {
	s := p.Token.Text
	switch {
	case p.Token.Kind != lex.String:
		p.SyntaxErrorf("expecting string")
	case most >= 0 && len(s) > most:
		p.SyntaxErrorf("name must be shorter than %d characters", most+1)
	default:
		p.Next()
	}
	return s
}

func (a *logPacket) append(b []byte) []byte {
	b = append(b, "log("...)
	if a.name != "" {
		b = append(lex.AppendQuoted(append(b, "name="...), a.name), ", "...)
	}
	b = append(append(b, "verdict="...), verdicts[a.verdict]...)
	b = append(append(b, ", severity="...), severities[a.severity]...)
	if a.meter != "" {
		b = lex.AppendQuoted(append(b, ", meter="...), a.meter)
	}
	return append(b, ");"...)
}

// encode: user data is verdict(1) severity(1) name.
func (a *logPacket) encode(e *encoder) {
	var meter flow.MeterID
	if a.meter != "" {
		meter, _ = e.meter(a.meter)
	}
	c := e.beginController(opLog)
	e.b = append(append(e.b, a.verdict, a.severity), a.name...)
	e.endController(c, false, meter)
}
