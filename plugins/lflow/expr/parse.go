package expr

import (
	"slices"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// Env is what the names in an expression mean.
type Env struct {
	Symtab *Symtab
	// AddressSet and PortGroup find the sets that $name and @name stand for, nil when there is none. Either may be nil: then
	// there are no such sets.
	AddressSet, PortGroup func(name string) *ConstantSet
}

// maxDepth is how deep parentheses may be nested.
const maxDepth = 100

// Parse makes an expression of text. The error is a *lex.Error.
func Parse(text string, env *Env) (*Expr, error) {
	e := new(Expr)
	if err := e.Parse(text, env); err != nil {
		return nil, err
	}
	return e, nil
}

// Parse makes e the expression of text, whatever it was, and uses its memory again. After an error e is empty, but for
// AddressSets and PortGroups: a set that is missing may come to be.
func (e *Expr) Parse(text string, env *Env) error {
	e.Reset()
	s := &e.scratch
	s.lexer.Reset(text)
	p := parser{lexer: &s.lexer, symtab: env.Symtab, env: env, expr: e, own: s.constants}
	e.root = p.expression()
	p.lexer.ForceEnd()
	s.constants = p.own
	if err := p.lexer.Err(); err != nil {
		e.root = 0
		return err
	}
	return nil
}

// parser reads expressions, and the parts of them that actions are made of too. Its methods return 0 or false after an error,
// which the lexer has.
type parser struct {
	lexer  *lex.Lexer
	symtab *Symtab
	env    *Env // nil: no sets
	expr   *Expr
	values []Constant // the constants of the comparison at hand
	shared bool       // values belongs to a named set
	own    []Constant // memory for values

	not   bool // inside of an odd number of "!"
	depth int  // of parentheses
}

// expression is operands of one logical operator.
func (p *parser) expression() nodeID {
	id := p.operand()
	operator := p.lexer.Token.Kind
	if id == 0 || operator != lex.And && operator != lex.Or {
		return id
	}
	k := kindAnd
	if operator == lex.Or {
		k = kindOr
	}
	for p.lexer.Match(operator) {
		next := p.operand()
		if next == 0 {
			return 0
		}
		id = p.expr.combine(k, id, next)
	}
	if t := p.lexer.Token.Kind; t == lex.And || t == lex.Or {
		p.lexer.Errorf("&& and || must be parenthesized when used together.")
		return 0
	}
	return id
}

// operand is a primary, with "!" in front or not.
func (p *parser) operand() nodeID {
	if !p.lexer.Match(lex.Not) {
		id, _ := p.primary()
		return id
	}
	p.not = !p.not
	id, atomic := p.primary()
	p.not = !p.not
	if id == 0 {
		return 0
	}
	if !atomic {
		p.lexer.Errorf("Missing parentheses around operand of !.")
		return 0
	}
	p.expr.negate(id)
	return id
}

// primary is what stands between logical operators. It is atomic when "!" may stand in front of it.
func (p *parser) primary() (id nodeID, atomic bool) {
	switch p.lexer.Token.Kind {
	case lex.LParen:
		return p.parenthesized(), true
	case lex.Template:
		p.lexer.Errorf("Unexpanded template.")
		return 0, false
	case lex.ID:
		if p.lexer.Peek() == lex.LParen {
			return p.function(), true
		}
		return p.fieldFirst()
	}
	return p.constantFirst()
}

func (p *parser) parenthesized() nodeID {
	p.lexer.Next()
	if p.depth >= maxDepth {
		p.lexer.Errorf("Parentheses nested too deeply.")
		return 0
	}
	p.depth++
	id := p.expression()
	p.depth--
	if !p.lexer.ForceMatch(lex.RParen) {
		return 0
	}
	return id
}

// function is is_chassis_resident("port"), the only one.
func (p *parser) function() nodeID {
	if !p.lexer.MatchID("is_chassis_resident") {
		p.lexer.Errorf("parsing function name")
		return 0
	}
	p.lexer.Next()
	if p.lexer.Token.Kind != lex.String {
		p.lexer.SyntaxErrorf("expecting string")
		return 0
	}
	port := p.expr.text(p.lexer.Token.Text)
	p.lexer.Next()
	if !p.lexer.ForceMatch(lex.RParen) {
		return 0
	}
	return p.expr.add(node{kind: kindCondition, value: lex.Uint(uint64(port))})
}

// fieldFirst is a field alone, or compared with constants.
func (p *parser) fieldFirst() (id nodeID, atomic bool) {
	f, ok := p.field()
	if !ok {
		return 0, false
	}
	if op, ok := relOp(p.lexer.Token.Kind); ok {
		p.lexer.Next()
		set, ok := p.constants()
		if !ok {
			return 0, false
		}
		return p.compare(f, op, &set), false
	}
	switch {
	case f.Bits == 0 || p.lexer.Token.Kind == lex.Equals:
		p.lexer.SyntaxErrorf("expecting relational operator")
		return 0, false
	case f.Bits > 1 && !p.not:
		p.lexer.Errorf("Explicit `!= 0' is required for inequality test of multibit field against 0.")
		return 0, false
	}
	p.own = append(p.own[:0], Constant{Format: lex.Hexadecimal})
	return p.compare(f, NE, &ConstantSet{Values: p.own}), true
}

// constantFirst is a constant alone, or compared with a field, or a range with the field in the middle.
func (p *parser) constantFirst() (id nodeID, atomic bool) {
	first, ok := p.constants()
	if !ok {
		return 0, false
	}
	op, isOp := relOp(p.lexer.Token.Kind)
	if !isOp {
		if value, ok := truth(&first); ok {
			return p.expr.boolean(value), true
		}
		p.lexer.SyntaxErrorf("expecting relational operator")
		return 0, false
	}
	p.lexer.Next()
	f, ok := p.field()
	if !ok {
		return 0, false
	}
	if _, isOp := relOp(p.lexer.Token.Kind); !isOp {
		return p.compare(f, op.turned(), &first), false
	}
	return p.between(f, op, &first), false
}

// truth is the value of a constant that is an expression by itself: 0 or 1, in decimal and not in braces.
func truth(s *ConstantSet) (value, ok bool) {
	if len(s.Values) != 1 || s.Type != Integer || s.InBraces {
		return false, false
	}
	c := &s.Values[0]
	return c.Value.Lo == 1, c.Format == lex.Decimal && !c.Masked && c.Value.Lo <= 1
}

// between is a range, of which the first constant, its operator and the field have been read.
func (p *parser) between(f Field, op RelOp, first *ConstantSet) nodeID {
	second, _ := relOp(p.lexer.Token.Kind)
	p.lexer.Next()
	kept := *first
	kept.Values = slices.Clone(first.Values) // their memory is used again
	last, ok := p.constants()
	if !ok {
		return 0
	}
	if !(op.less() && second.less() || op.greater() && second.greater()) {
		p.lexer.Errorf("Range expressions must have the form `x < field < y' or `x > field > y', with each `<' optionally replaced by `<=' or `>' by `>=').")
		return 0
	}
	a := p.compare(f, op.turned(), &kept)
	b := p.compare(f, second, &last)
	if p.lexer.Failed() {
		return 0
	}
	return p.expr.combine(kindAnd, a, b)
}
