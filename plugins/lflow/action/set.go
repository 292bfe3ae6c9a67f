package action

import (
	"strconv"

	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// assignment reads an action that begins with a field: "a = 1", "a = b", "a <-> b", "a = name(…)".
func (p *parser) assignment() action {
	f, ok := p.any()
	switch {
	case !ok:
		return nil
	case p.Match(lex.Exchange):
		return p.copied(f, true)
	case !p.Match(lex.Equals):
		p.SyntaxErrorf("expecting `=' or `<->'")
		return nil
	case p.Token.Kind != lex.ID:
		return p.load(f)
	}
	if v, ok := p.env.values[p.Token.Text]; ok && (v.bare || p.Peek() == lex.LParen) {
		return v.read(p, f)
	}
	return p.copied(f, false)
}

// load sets a field to a constant.
type load struct {
	dst expr.Field
	c   expr.Constant
}

func (p *parser) load(dst expr.Field) action {
	if !p.checkWritable(dst, dst.Bits) {
		return nil
	}
	c, _ := expr.ParseConstant(p.Lexer, dst)
	if dst.Symbol.Pseudo {
		return &loadPseudo{dst.Symbol.Name, c.Value, c.Format}
	}
	return &load{dst, c}
}

func (a *load) append(b []byte) []byte {
	kind := expr.Integer
	if a.dst.Symbol.IsString() {
		kind = expr.String
	}
	b = append(a.dst.Append(b), " = "...)
	return append(a.c.Append(b, kind), ';')
}

func (a *load) encode(e *encoder) {
	dst := part(a.dst)
	if a.dst.Symbol.IsString() {
		key, ok := e.port(a.c.Text)
		if !ok {
			key = 0 // no port, such as ""
		}
		e.load(dst, uint64(key))
		return
	}
	bits := lex.Ones(dst.Bits)
	mask := bits
	if a.c.Masked {
		mask = a.c.Mask.And(bits)
	}
	e.set(dst.Field, a.c.Value.And(bits).Shl(dst.First), mask.Shl(dst.First))
}

// move sets a field to the value of another one; exchange does so both ways.
type (
	move     struct{ dst, src expr.Field }
	exchange struct{ dst, src expr.Field }
)

// copied reads what a field gets its value from, or is exchanged with.
func (p *parser) copied(dst expr.Field, both bool) action {
	src, ok := p.any()
	if !ok || !p.compatible(dst, src, both) || !p.checkWritable(dst, dst.Bits) {
		return nil
	}
	if both {
		p.checkWritable(src, src.Bits)
		return &exchange{dst, src}
	}
	p.checkBits(src, src.Bits)
	return &move{dst, src}
}

// compatible refuses fields of different types.
func (p *parser) compatible(dst, src expr.Field, both bool) bool {
	d, s := dst.Symbol, src.Symbol
	switch {
	case d.IsString() != s.IsString() && both:
		p.Errorf("Can't exchange %s field (%s) with %s field (%s).", typeOf(d), d.Name, typeOf(s), s.Name)
	case d.IsString() != s.IsString():
		p.Errorf("Can't assign %s field (%s) to %s field (%s).", typeOf(s), s.Name, typeOf(d), d.Name)
	case dst.Bits != src.Bits && both:
		p.Errorf("Can't exchange %d-bit field with %d-bit field.", dst.Bits, src.Bits)
	case dst.Bits != src.Bits:
		p.Errorf("Can't assign %d-bit value to %d-bit destination.", src.Bits, dst.Bits)
	case d.IsString() && d.Field.Bits() != s.Field.Bits():
		how := "assignment"
		if both {
			how = "exchange"
		}
		p.Errorf("String fields %s and %s are incompatible for %s.", d.Name, s.Name, how)
	case d.Pseudo || s.Pseudo:
		p.Errorf("Field %s has no value that could be copied.", pseudoOf(d, s))
	default:
		return true
	}
	return false
}

func typeOf(s *expr.Symbol) string {
	if s.IsString() {
		return "string"
	}
	return "integer"
}

func pseudoOf(a, b *expr.Symbol) string {
	if a.Pseudo {
		return a.Name
	}
	return b.Name
}

func (a *move) append(b []byte) []byte     { return appendAssignment(b, a.dst, " = ", a.src) }
func (a *exchange) append(b []byte) []byte { return appendAssignment(b, a.dst, " <-> ", a.src) }

func appendAssignment(b []byte, dst expr.Field, operator string, src expr.Field) []byte {
	return append(src.Append(append(dst.Append(b), operator...)), ';')
}

func (a *move) encode(e *encoder) { e.move(part(a.src), part(a.dst)) }

func (a *exchange) encode(e *encoder) {
	src, dst := part(a.src), part(a.dst)
	e.push(src)
	e.push(dst)
	e.pop(src)
	e.pop(dst)
}

// loadPseudo sets what is no field of the packet but of the ICMP error that a controller makes of it.
type loadPseudo struct {
	name   string
	value  lex.Value
	format lex.Format
}

// A note is magic(4) id(2) zeros(2) value (OVN, struct ovn_field_note_header and enum ovn_field_id).
const (
	noteMagic    = "ovn\x00"
	noteICMP4MTU = 0
	noteICMP6MTU = 1
)

func (a *loadPseudo) append(b []byte) []byte {
	b = append(append(b, a.name...), " = "...)
	if a.format == lex.IPv4 {
		b = lex.AppendValue(b, a.value, lex.IPv4)
	} else {
		b = strconv.AppendUint(b, a.value.Lo, 10)
	}
	return append(b, ';')
}

func (a *loadPseudo) encode(e *encoder) {
	op, id, size := opPutICMP4FragMTU, byte(noteICMP4MTU), 2
	switch a.name {
	case "icmp6.frag_mtu":
		op, id, size = opPutICMP6FragMTU, noteICMP6MTU, 4
	case "icmp4.inner_ip4.src":
		op, size = opPutICMP4InnerIP4Src, 4
	}
	if e.dialect.Actions.NoteFrag && op != opPutICMP4InnerIP4Src {
		const subNote = 8
		start := e.begin(subNote)
		e.b = append(append(e.b, noteMagic...), 0, id, 0, 0)
		e.b = a.value.AppendBytes(e.b, size)
		e.end(start)
		return
	}
	c := e.beginController(op)
	e.b = a.value.AppendBytes(e.b, size)
	e.endController(c, true, e.ControllerMeter)
}
