package expr

import (
	"slices"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// compare is the comparison of a field with each constant of a set: with one of them for ==, with none for !=.
func (p *parser) compare(f Field, op RelOp, set *ConstantSet) nodeID {
	if !p.typeCheck(f, set) || !p.mayOrder(f, op, set) || !p.mayNegate(f, op, set) {
		return 0
	}
	if set.whole > 0 {
		p.comparePart(f, op, set)
	}
	if len(set.Values) == 0 {
		return p.expr.boolean(op == NE)
	}
	k := kindOr
	if op == NE {
		k = kindAnd
	}
	id := p.comparison(f, op, set, 0)
	if len(set.Values) == 1 {
		return id
	}
	all := p.expr.add(node{kind: k})
	p.expr.push(all, id)
	for i := 1; i < len(set.Values); i++ {
		p.expr.push(all, p.comparison(f, op, set, i))
	}
	return all
}

// comparison is the comparison of a field with one constant of a set.
func (p *parser) comparison(f Field, op RelOp, set *ConstantSet, i int) nodeID {
	c := &set.Values[i]
	n := node{kind: kindCmp, op: op, symbol: f.Symbol, part: set.whole > 0}
	if f.Symbol.IsString() {
		n.value.Lo = uint64(p.expr.text(c.Text))
		return p.expr.add(n)
	}
	bits := lex.Ones(f.Bits)
	mask := bits
	if c.Masked {
		mask = c.Mask.And(bits)
	}
	n.value, n.mask = c.Value.And(mask).Shl(f.Offset), mask.Shl(f.Offset)
	if c.Set != "" {
		n.set = p.expr.setName(c.Set)
	}
	return p.expr.add(n)
}

// setName is 1 + the index in strings of an address set's name. Addresses of one set come together.
func (e *Expr) setName(name string) int32 {
	if n := len(e.strings); n > 0 && e.strings[n-1] == name {
		return int32(n)
	}
	return 1 + int32(e.text(name))
}

// typeCheck says whether the constants may be compared with the field at all.
func (p *parser) typeCheck(f Field, set *ConstantSet) bool {
	s := f.Symbol
	if (set.Type == String) != s.IsString() {
		fieldType := "Integer"
		if s.IsString() {
			fieldType = "String"
		}
		p.lexer.Errorf("%s field %s is not compatible with %s constant.", fieldType, s.Name, set.Type)
		return false
	}
	if s.IsString() {
		return true
	}
	for i := range set.Values {
		if w := set.Values[i].width(); w > s.Width {
			p.lexer.Errorf("%d-bit constant is not compatible with %d-bit field %s.", w, s.Width, s.Name)
			return false
		}
	}
	return true
}

// mayOrder refuses <, <=, > and >= where they mean nothing.
func (p *parser) mayOrder(f Field, op RelOp, set *ConstantSet) bool {
	switch {
	case op == EQ || op == NE:
		return true
	case set.InBraces:
		p.lexer.Errorf("Only == and != operators may be used with value sets.")
	case f.Symbol.Level != Ordinal:
		p.lexer.Errorf("Only == and != operators may be used with %s field %s.", f.Symbol.Level, f.Symbol.Name)
	case len(set.Values) == 0:
		p.lexer.Errorf("Only == and != operators may be used to compare a field against an empty value set.")
	case set.Values[0].Masked:
		p.lexer.Errorf("Only == and != operators may be used with masked constants.  Consider using subfields instead " +
			"(e.g. eth.src[0..15] > 0x1111 in place of eth.src > 00:00:00:00:11:11/00:00:00:00:ff:ff).")
	default:
		return true
	}
	return false
}

// mayNegate refuses to say that a nominal symbol is not something.
func (p *parser) mayNegate(f Field, op RelOp, set *ConstantSet) bool {
	s := f.Symbol
	if s.Level != Nominal {
		return true
	}
	negative := (op == NE) != p.not
	if s.Predicate == "" {
		if negative {
			p.lexer.Errorf("Nominal field %s may only be tested for equality (taking enclosing `!' operators into account).", s.Name)
		}
		return !negative
	}
	for i := range set.Values {
		if set.Values[i].Value.Bit(0) == negative {
			n := s.Name
			p.lexer.Errorf("Nominal predicate %s may only be tested positively, e.g. `%s' or `%s == 1' but not `!%s' or `%s == 0'.",
				n, n, n, n, n)
			return false
		}
	}
	return true
}

// field is a field name, with bits of it in brackets or not.
func (p *parser) field() (Field, bool) {
	var s *Symbol
	if p.lexer.Token.Kind == lex.ID && p.symtab != nil {
		s = p.symtab.Lookup(p.lexer.Token.Text)
	}
	if s == nil {
		p.lexer.SyntaxErrorf("expecting field name")
		return Field{}, false
	}
	p.lexer.Next()
	if !p.lexer.Match(lex.LSquare) {
		return Field{s, 0, s.Width}, true
	}
	return p.bits(s)
}

// bits is what stands in brackets behind a field, up to the closing one.
func (p *parser) bits(s *Symbol) (Field, bool) {
	if s.IsString() {
		p.lexer.Errorf("Cannot select subfield of string field %s.", s.Name)
		return Field{}, false
	}
	low, ok := p.lexer.ForceInt()
	if !ok {
		return Field{}, false
	}
	high := low
	if p.lexer.Match(lex.Ellipsis) {
		if high, ok = p.lexer.ForceInt(); !ok {
			return Field{}, false
		}
	}
	switch {
	case !p.lexer.ForceMatch(lex.RSquare):
	case low > high:
		p.lexer.Errorf("Invalid bit range %d to %d.", low, high)
	case high >= s.Width:
		p.lexer.Errorf("Cannot select bits %d to %d of %d-bit field %s.", low, high, s.Width, s.Name)
	case s.Level == Nominal && (low != 0 || high != s.Width-1):
		p.lexer.Errorf("Cannot select subfield of nominal field %s.", s.Name)
	default:
		return Field{s, low, high - low + 1}, true
	}
	return Field{}, false
}

// constants is one constant, or several in braces. The set is good until the next call.
func (p *parser) constants() (set ConstantSet, ok bool) {
	p.values, p.shared = p.own[:0], false
	if p.lexer.Match(lex.LCurly) {
		set.InBraces = true
		ok = p.inBraces(&set)
	} else {
		ok = p.constant(&set)
	}
	if !p.shared {
		p.own = p.values
	}
	set.Values = p.values
	return set, ok
}

func (p *parser) inBraces(set *ConstantSet) bool {
	for {
		if !p.constant(set) {
			return false
		}
		p.lexer.Match(lex.Comma)
		if p.lexer.Match(lex.RCurly) {
			return true
		}
	}
}

// constant reads one constant, or the name of a set, and appends what it is to p.values.
func (p *parser) constant(set *ConstantSet) bool {
	t := &p.lexer.Token
	switch t.Kind {
	case lex.Template:
		p.lexer.Errorf("Unexpanded template.")
		return false
	case lex.String:
		if !p.setType(set, String) {
			return false
		}
		p.values = append(p.values, Constant{Text: t.Text})
	case lex.Integer, lex.MaskedInteger:
		if !p.setType(set, Integer) {
			return false
		}
		masked := t.Kind == lex.MaskedInteger
		p.values = append(p.values, Constant{Text: t.Text, Value: t.Value, Mask: t.Mask, Format: t.Format, Masked: masked})
	case lex.Macro:
		named := p.addressSet(t.Text)
		if named == nil {
			p.lexer.SyntaxErrorf("expecting address set name")
		}
		if named == nil || !p.setType(set, Integer) {
			return false
		}
		p.use(set, named)
	case lex.PortGroup:
		named := p.portGroup(t.Text)
		if named == nil {
			p.lexer.SyntaxErrorf("expecting port group name")
		}
		if named == nil || !p.setType(set, String) {
			return false
		}
		p.use(set, named)
	default:
		p.lexer.SyntaxErrorf("expecting constant")
		return false
	}
	p.lexer.Next()
	return true
}

// use appends the constants of a named set. If they are the first, they are used where they are: sets are large.
func (p *parser) use(set, named *ConstantSet) {
	if named.whole > 0 {
		p.usePart(set, named)
	}
	if len(p.values) > 0 || len(named.Values) == 0 {
		p.values = append(p.values, named.Values...)
		return
	}
	p.values, p.shared = slices.Clip(named.Values), true
}

// setType gives the set the type of one more constant, which must be that of those before.
func (p *parser) setType(set *ConstantSet, t Type) bool {
	if len(p.values) > 0 && set.Type != t {
		p.lexer.SyntaxErrorf("expecting %s", set.Type)
		return false
	}
	set.Type = t
	return true
}

func (p *parser) addressSet(name string) *ConstantSet {
	if p.expr != nil {
		p.expr.AddressSets = append(p.expr.AddressSets, name)
	}
	if p.env == nil || p.env.AddressSet == nil {
		return nil
	}
	return p.env.AddressSet(name)
}

func (p *parser) portGroup(name string) *ConstantSet {
	if p.expr != nil {
		p.expr.PortGroups = append(p.expr.PortGroups, name)
	}
	if p.env == nil || p.env.PortGroup == nil {
		return nil
	}
	return p.env.PortGroup(name)
}
