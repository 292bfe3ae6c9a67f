package action

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// NewGroup makes the group of a text that Encode has asked an id for. The error Is ErrGroup.
func NewGroup(id flow.GroupID, text string) (flow.Group, error) {
	g, err := flow.ParseGroup(fmt.Sprintf("group_id=%d,%s", id, text))
	if err != nil {
		return flow.Group{}, fmt.Errorf("%w: %w", ErrGroup, err)
	}
	return g, nil
}

// appendMethod begins the text of a group: how it chooses among its buckets.
func appendMethod(b []byte, hashFields string, hashed bool) []byte {
	b = append(b, "type=select,selection_method="...)
	if hashed {
		return append(append(append(b, "hash,fields("...), hashFields...), ')')
	}
	return append(b, "dp_hash"...)
}

// appendBucket begins a bucket, up to its actions.
func appendBucket(b []byte, id int, weight uint16) []byte {
	b = strconv.AppendInt(append(b, ",bucket=bucket_id="...), int64(id), 10)
	b = strconv.AppendUint(append(b, ",weight:"...), uint64(weight), 10)
	return append(b, ",actions="...)
}

// wireName is a register's name on the wire, as ovs-ofctl has it in a field specification.
func wireName(f *flow.Field) string {
	for i, r := range flow.Reg {
		if r == f {
			return "NXM_NX_REG" + strconv.Itoa(i)
		}
	}
	return strings.ToUpper(f.Name())
}

// choose writes one of several values into a field, and goes on in the next table.
type choose struct {
	dst        expr.Field
	to         target
	members    []member
	hashFields string
	hashed     bool
}

type member struct{ id, weight uint16 }

// defaultWeight is that of a member of which nothing is said.
const defaultWeight = 100

func parseSelect(p *parser, dst expr.Field) action {
	if !p.checkWritable(dst, dst.Bits) {
		return nil
	}
	if dst.Bits < 16 {
		p.Errorf("cannot use %d-bit field %s[%d..%d] for \"select\", which requires at least 16 bits.",
			dst.Bits, dst.Symbol.Name, dst.Offset, dst.Offset+dst.Bits-1)
		return nil
	}
	if !p.notInLast("select") {
		return nil
	}
	p.Next() // select
	p.Next() // (
	a := &choose{dst: dst, to: p.next()}
	if p.env.dialect.Actions.HashedSelect && p.MatchID("values") {
		p.ForceMatch(lex.Equals)
		p.ForceMatch(lex.LParen)
		a.hashed = true
	}
	for !p.Match(lex.RParen) {
		a.members = append(a.members, p.member())
		if p.Failed() {
			return nil
		}
		p.Match(lex.Comma)
	}
	if len(a.members) < 2 {
		p.SyntaxErrorf("expecting at least 2 group members")
		return nil
	}
	if a.hashed {
		p.selectHash(a)
	}
	return a
}

// member reads "id" or "id=weight".
func (p *parser) member() member {
	m := member{weight: defaultWeight}
	var ok bool
	if m.id, ok = p.uint16("id"); ok && p.Match(lex.Equals) {
		if m.weight, ok = p.uint16("weight"); ok && m.weight == 0 {
			p.SyntaxErrorf("weight can't be 0")
		}
	}
	return m
}

// selectHash reads what follows the members of a select with a hash over fields.
func (p *parser) selectHash(a *choose) {
	p.ForceMatch(lex.Semicolon)
	if !p.MatchID("hash_fields") {
		p.SyntaxErrorf("expecting hash_fields")
		return
	}
	if !p.Match(lex.Equals) || p.Token.Kind != lex.String || p.Peek() != lex.RParen {
		p.SyntaxErrorf("invalid hash_fields")
		return
	}
	a.hashFields = p.Token.Text
	p.Next()
	p.Next()
}

func (a *choose) append(b []byte) []byte {
	b = append(a.dst.Append(b), " = select("...)
	if a.hashed {
		b = append(b, "values=("...)
	}
	for i, m := range a.members {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendUint(b, uint64(m.id), 10)
		b = strconv.AppendUint(append(b, '='), uint64(m.weight), 10)
	}
	b = append(b, ')')
	if a.hashed {
		b = append(append(append(b, `; hash_fields="`...), a.hashFields...), `")`...)
	}
	return append(b, ';')
}

func (a *choose) encode(e *encoder) {
	text := appendMethod(nil, a.hashFields, a.hashed)
	if e.SymmetricHash && !a.hashed {
		text = append(text, ",selection_method_param=0x100000000"...)
	}
	dst := part(a.dst)
	for i, m := range a.members {
		text = appendBucket(text, i, m.weight)
		text = fmt.Appendf(text, "load:%d->%s[%d..%d],resubmit(,%d)", m.id, dst.Field.Name(), dst.First, dst.First+dst.Bits-1, e.table(a.to))
	}
	e.group(text)
}

// fwdGroup sends the packet to one of several ports.
type fwdGroup struct {
	liveness bool // only to one whose tunnel is up
	ports    []string
}

func parseFwdGroup(p *parser) action {
	a := new(fwdGroup)
	if !p.Match(lex.LParen) {
		return a
	}
	if p.MatchID("liveness") {
		if !p.ForceMatch(lex.Equals) {
			return nil
		}
		if a.liveness = p.truth(); p.Failed() {
			return nil
		}
		p.ForceMatch(lex.Comma)
	}
	if !p.MatchID("childports") || !p.ForceMatch(lex.Equals) {
		return a
	}
	for !p.Match(lex.RParen) {
		if p.Token.Kind != lex.String {
			p.SyntaxErrorf("expecting logical switch port")
			return nil
		}
		a.ports = append(a.ports, p.Token.Text)
		p.Next()
		p.Match(lex.Comma)
	}
	return a
}

func (a *fwdGroup) append(b []byte) []byte {
	if !a.liveness && len(a.ports) == 0 {
		return append(b, "fwd_group;"...)
	}
	b = append(b, "fwd_group("...)
	if a.liveness {
		b = append(b, `liveness="true", `...)
	}
	b = append(b, "childports="...)
	for i, port := range a.ports {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = lex.AppendQuoted(b, port)
	}
	return append(b, ");"...)
}

func (a *fwdGroup) encode(e *encoder) {
	if len(a.ports) == 0 {
		return
	}
	format := "load=0x%x->%s[0..15],resubmit(,%d)"
	if e.dialect.Actions.DecimalKeys {
		format = "load=0x%d->%s[0..15],resubmit(,%d)"
	}
	text := appendMethod(nil, "", false)
	for _, port := range a.ports {
		key, ok := e.port(port)
		if !ok {
			return
		}
		text = append(text, ",bucket="...)
		if a.liveness {
			if e.TunnelPort == nil {
				return
			}
			tunnel, ok := e.TunnelPort(port)
			if !ok {
				return
			}
			text = fmt.Appendf(text, "watch_port:%d,", tunnel)
		}
		text = fmt.Appendf(text, format, key, wireName(e.dialect.Pipeline.Outport), e.output())
	}
	e.group(text)
}
