package action

import (
	"strconv"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// ctLB chooses a backend for a new connection and translates its destination. Without backends it does what is known of the
// connection.
type ctLB struct {
	name       string
	kind       lbKind
	to         target
	backends   []backend
	hashFields string // of a hash over these fields; "": dp_hash
	hashed     bool
	snat       snatFlag
}

// lbKind is in what the actions for load balancing differ.
type lbKind struct {
	label bool // notes are in ct_label, else in ct_mark
	local bool // backends have a port, and only those here are used
}

type backend struct {
	lport   string
	address lex.Value
	format  lex.Format // lex.IPv4 or lex.IPv6
	port    uint16     // 0: as it was
}

// snatFlag says whether the router is to translate the source, too.
type snatFlag uint8

const (
	snatDefault snatFlag = iota
	snatSkip
	snatForce
)

func balanced(name string, kind lbKind) statement {
	return func(p *parser) action {
		a := &ctLB{name: name, kind: kind, to: p.next()}
		if !p.notInLast("ct_lb") {
			return nil
		}
		p.need("ip")
		if !p.Match(lex.LParen) || p.Match(lex.RParen) {
			return a
		}
		if !p.MatchID("backends") || !p.ForceMatch(lex.Equals) {
			p.SyntaxErrorf("expecting backends")
			return nil
		}
		for !p.Match(lex.Semicolon) && !p.Match(lex.RParen) {
			a.backends = append(a.backends, p.backend(kind.local))
			if p.Failed() {
				return nil
			}
			p.Match(lex.Comma)
		}
		p.lbFlags(a)
		return a
	}
}

// lbFlags reads what follows the backends. What ends it is passed over and not looked at, as in OVN: any token will do.
func (p *parser) lbFlags(a *ctLB) {
	if p.MatchID("hash_fields") {
		if !p.Match(lex.Equals) || p.Token.Kind != lex.String {
			p.SyntaxErrorf("invalid hash_fields")
			return
		}
		a.hashFields, a.hashed = p.Token.Text, true
		p.Next()
		if !p.Match(lex.Semicolon) {
			p.Next()
		}
	}
	switch {
	case p.MatchID("skip_snat"):
		a.snat = snatSkip
		p.Next()
	case p.MatchID("force_snat"):
		a.snat = snatForce
		p.Next()
	}
}

// backend reads "1.2.3.4", "1.2.3.4:80", "::1", "[::1]" or "[::1]:80", with the port and a colon in front if it has one.
func (p *parser) backend(named bool) (b backend) {
	if named {
		b.lport = p.Token.Text
		if p.Token.Kind != lex.String {
			p.SyntaxErrorf("expecting logical port name for distributed load balancer")
			return b
		}
		p.Next()
		p.ForceMatch(lex.Colon)
	}
	bracket := p.Match(lex.LSquare)
	switch {
	case bracket && (!p.isIP() || p.Token.Format != lex.IPv6):
		p.SyntaxErrorf("expecting IPv6 address")
		return b
	case !p.isIP():
		p.SyntaxErrorf("expecting IP address")
		return b
	}
	b.address, b.format = p.Token.Value, p.Token.Format
	p.Next()
	if bracket && !p.Match(lex.RSquare) {
		p.SyntaxErrorf("no closing square bracket")
		return b
	}
	if p.Match(lex.Colon) {
		if !bracket && b.format == lex.IPv6 {
			p.SyntaxErrorf("IPv6 address needs square brackets if port is included")
			return b
		}
		b.port, _ = p.uint16("port number")
	}
	return b
}

// append appends the backend's address, and port if there is one.
func (b *backend) append(out []byte) []byte {
	bracket := b.format == lex.IPv6 && b.port != 0
	if bracket {
		out = append(out, '[')
	}
	out = lex.AppendValue(out, b.address, b.format)
	if bracket {
		out = append(out, ']')
	}
	if b.port != 0 {
		out = strconv.AppendUint(append(out, ':'), uint64(b.port), 10)
	}
	return out
}

func (a *ctLB) append(b []byte) []byte {
	b = append(b, a.name...)
	if len(a.backends) == 0 {
		return append(b, ';')
	}
	b = append(b, "(backends="...)
	for i := range a.backends {
		if i > 0 {
			b = append(b, ',')
		}
		if a.kind.local {
			b = append(lex.AppendQuoted(b, a.backends[i].lport), ':')
		}
		b = a.backends[i].append(b)
	}
	if a.hashed {
		b = append(append(append(b, `; hash_fields="`...), a.hashFields...), '"')
	}
	switch a.snat {
	case snatSkip:
		b = append(b, "; skip_snat"...)
	case snatForce:
		b = append(b, "; force_snat"...)
	}
	return append(b, ");"...)
}

func (a *ctLB) encode(e *encoder) {
	table := e.table(a.to)
	if len(a.backends) == 0 {
		start := e.beginCT(0, e.zone(), table)
		e.nat(0)
		e.end(start)
		return
	}
	if text := a.group(e, table); text != nil {
		e.group(text)
	}
}

// group is the text of the group with a bucket for each backend, nil when there is none here.
func (a *ctLB) group(e *encoder, table flow.TableID) []byte {
	text := appendMethod(nil, a.hashFields, a.hashed)
	id := 0
	for i := range a.backends {
		b := &a.backends[i]
		if a.kind.local && e.Resident != nil && !e.Resident(b.lport) {
			continue
		}
		text = appendBucket(text, id, 100)
		text = b.append(append(text, "ct(nat(dst="...))
		text = strconv.AppendUint(append(text, "),commit,table="...), uint64(table), 10)
		text = append(append(text, ",zone="...), e.zoneName()...)
		text = append(append(text, ",exec("...), a.marks()...)
		text = append(text, "))"...)
		id++
	}
	if id == 0 {
		return nil
	}
	return text
}

// marks is what is noted of the connection, for the stages behind: bit 1 that it is translated, 2 and 3 about SNAT.
func (a *ctLB) marks() string {
	if a.kind.label {
		return [...]string{"set_field:2/2->ct_label", "set_field:2/2->ct_label,set_field:4/4->ct_label",
			"set_field:2/2->ct_label,set_field:8/8->ct_label"}[a.snat]
	}
	return [...]string{"set_field:2/2->ct_mark", "set_field:2/2->ct_mark,set_field:4/4->ct_mark",
		"set_field:2/2->ct_mark,set_field:8/8->ct_mark"}[a.snat]
}

// zoneName is the zone in a group's text.
func (e *encoder) zoneName() string { return wireName(e.zone()) + "[0..15]" }
