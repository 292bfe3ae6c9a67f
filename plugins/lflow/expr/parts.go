package expr

import "github.com/flowhost/flowhost/plugins/lflow/lex"

// The parts of the expression language that the language of actions has too. All of them leave their errors with the lexer and
// return false for any, and do nothing when the lexer has one already.

// ParseField reads a field that is no predicate, such as "reg0[0..15]". What must hold of a packet for the field to be there, and
// for what it is part of, is added to prereqs, annotated.
func ParseField(l *lex.Lexer, t *Symtab, prereqs *Expr) (Field, bool) {
	if l.Failed() {
		return Field{}, false
	}
	p := parser{lexer: l, symtab: t}
	f, ok := p.field()
	if !ok {
		return Field{}, false
	}
	if f.Symbol.Predicate != "" {
		l.Errorf("Predicate symbol %s used where lvalue required.", f.Symbol.Name)
		return Field{}, false
	}
	for s := f.Symbol; s != nil; s = s.Parent {
		needs, err := s.annotatedPrereqs(t)
		if err != nil {
			l.Errorf("%s", err)
			return Field{}, false
		}
		prereqs.And(needs)
	}
	return f, true
}

// ParseConstant reads one constant that may be compared with the field, or assigned to it. Its type is that of the field. The
// name of a set is not known here, and refused.
func ParseConstant(l *lex.Lexer, f Field) (Constant, bool) {
	if l.Failed() {
		return Constant{}, false
	}
	p := parser{lexer: l}
	var set ConstantSet
	ok := p.constant(&set)
	set.Values = p.values
	if !ok || !p.typeCheck(f, &set) {
		return Constant{}, false
	}
	return set.Values[0], true
}

// ParseConstantSet reads one constant, or several in braces, of any one type. Names of sets are refused.
func ParseConstantSet(l *lex.Lexer) (ConstantSet, bool) {
	if l.Failed() {
		return ConstantSet{}, false
	}
	p := parser{lexer: l}
	return p.constants()
}

// ParsePrereqs adds an expression, such as "ip4" or "ip.ttl", that an action needs, to prereqs. It is not annotated yet (OVN,
// add_prerequisite). The text is the program's own; an error says that it does not fit the symbol table.
func ParsePrereqs(text string, t *Symtab, prereqs *Expr) error {
	e, err := Parse(text, &Env{Symtab: t})
	if err != nil {
		return err
	}
	prereqs.And(e)
	return nil
}
