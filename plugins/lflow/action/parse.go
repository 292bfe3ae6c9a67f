package action

import (
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// Place is where in the logical pipelines actions stand.
type Place struct {
	Pipeline Pipeline
	Table    int // of the logical flow, from 0
	// Ingress and Egress are how many tables the pipelines have. 0: actions that go to another table are refused.
	Ingress, Egress int
}

// Pipeline is one of the two pipelines of a logical datapath.
type Pipeline uint8

const (
	Ingress Pipeline = iota
	Egress
)

func (p Pipeline) String() string { return [...]string{"ingress", "egress"}[p] }

// tables is how many tables a pipeline has.
func (p *Place) tables(pipeline Pipeline) int {
	if pipeline == Egress {
		return p.Egress
	}
	return p.Ingress
}

// maxDepth is how deep actions may be nested (OVN, MAX_NESTED_ACTION_DEPTH).
const maxDepth = 32

// Parse makes the list that of text, whatever it was. The error is a *lex.Error, and leaves the list empty.
func (l *List) Parse(text string, env *Env, place Place) error {
	l.reset()
	l.env, l.place = env, place
	l.lexer.Reset(text)
	p := parser{Lexer: &l.lexer, env: env, place: place, prereqs: &l.prereqs, nestedPrereqs: &l.nestedPrereqs,
		actions: l.actions, scope: expr.WriteDefault}
	p.list(lex.End)
	l.actions = p.actions
	if err := p.Err(); err != nil {
		l.reset()
		return err
	}
	return nil
}

func (l *List) reset() {
	clear(l.actions)
	l.actions = l.actions[:0]
	l.prereqs.Reset()
}

// parser reads one list of actions, which may be nested in another. After an error, which the lexer has, what its methods return
// means nothing; only loops have to look.
type parser struct {
	*lex.Lexer
	env     *Env
	place   Place
	prereqs *expr.Expr
	actions []action
	scope   expr.Scope
	depth   int

	nestedPrereqs *[]*expr.Expr // memory for those of nested lists, by depth
}

// list reads actions up to the token that ends them, and passes over it.
func (p *parser) list(end lex.Kind) {
	if p.Token.Kind == lex.ID && p.Token.Text == "drop" && p.Peek() == lex.Semicolon {
		p.Next()
		p.Next()
		p.ForceMatch(end)
		return
	}
	for !p.Match(end) {
		a := p.action()
		p.ForceMatch(lex.Semicolon)
		if p.Failed() {
			return
		}
		p.actions = append(p.actions, a)
	}
}

// action reads one action, without the semicolon.
func (p *parser) action() action {
	switch p.Token.Kind {
	case lex.Template:
		p.Errorf("Unexpanded template.")
		return nil
	case lex.ID:
	default:
		p.unexpected()
		return nil
	}
	switch p.Peek() {
	case lex.Equals, lex.Exchange, lex.LSquare:
		return p.assignment()
	}
	read := p.env.statements[p.Token.Text]
	if read == nil {
		p.SyntaxErrorf("expecting action")
		return nil
	}
	p.Next()
	return read(p)
}

// unexpected is the error for a token that cannot be here, without a word about what could.
func (p *parser) unexpected() {
	if p.Token.Kind == lex.End {
		p.Errorf("Syntax error at end of input.")
		return
	}
	p.Errorf("Syntax error at `%s'.", p.Source())
}

// need adds one of the prerequisites that New knows.
func (p *parser) need(text string) { p.prereqs.And(p.env.prereqs[text]) }

// any reads a field of any kind.
func (p *parser) any() (expr.Field, bool) { return expr.ParseField(p.Lexer, p.env.symtab, p.prereqs) }

// field reads a field that has so many bits, 0 for a string.
func (p *parser) field(bits int) expr.Field {
	f, ok := p.any()
	if ok {
		p.checkBits(f, bits)
	}
	return f
}

// checkBits is an error unless the field has so many bits.
func (p *parser) checkBits(f expr.Field, bits int) bool { return p.check(f.Check(bits, 0)) }

// checkWritable is an error unless the field has so many bits and can be written here.
func (p *parser) checkWritable(f expr.Field, bits int) bool { return p.check(f.Check(bits, p.scope)) }

func (p *parser) check(err error) bool {
	if err != nil {
		p.Errorf("%s", err)
	}
	return err == nil
}

// uint16 reads a number of 16 bits.
func (p *parser) uint16(what string) (uint16, bool) {
	if p.IsInt() && p.Token.Value.Lo <= 0xffff {
		v := uint16(p.Token.Value.Lo)
		p.Next()
		return v, true
	}
	p.SyntaxErrorf("expecting %s", what)
	return 0, false
}

// isDecimal says whether the current token is an integer written in decimal, of any size.
func (p *parser) isDecimal() bool {
	return p.Token.Kind == lex.Integer && p.Token.Format == lex.Decimal
}

// isIP says whether the current token is an address without a mask.
func (p *parser) isIP() bool {
	return p.Token.Kind == lex.Integer && (p.Token.Format == lex.IPv4 || p.Token.Format == lex.IPv6)
}

// truth reads true or false, with or without quotes.
func (p *parser) truth() bool {
	if k := p.Token.Kind; k == lex.ID || k == lex.String {
		switch p.Token.Text {
		case "true", "false":
			v := p.Token.Text == "true"
			p.Next()
			return v
		}
	}
	p.SyntaxErrorf("expecting true or false")
	return false
}

// notInLast refuses an action that goes on in the next table where there is none.
func (p *parser) notInLast(name string) bool {
	if p.place.Table < p.place.tables(p.place.Pipeline) {
		return true
	}
	p.Errorf("\"%s\" action not allowed in last table.", name)
	return false
}

// next is the table behind the one where the actions stand.
func (p *parser) next() target { return target{p.place.Pipeline, p.place.Table + 1} }

// target is a table of a logical pipeline.
type target struct {
	pipeline Pipeline
	table    int
}
