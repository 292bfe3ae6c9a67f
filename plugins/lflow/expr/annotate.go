package expr

import (
	"fmt"
	"slices"
)

// Annotate makes an expression say what it implies: what a field needs is added by "&&", and a part of a field or a predicate is
// replaced by what it stands for. Where all of an and or an or is about one symbol, what that needs is added once.
//
// The error is ErrNoMatch for a field that only actions know. Only a symbol table made by hand has others: prerequisites or
// predicates that cannot be parsed, or that go round in circles.
func (e *Expr) Annotate(t *Symtab) error {
	if e.root == 0 {
		return nil
	}
	a := annotator{expr: e, symtab: t}
	root, err := a.annotate(e.root, true)
	if err != nil {
		e.root = 0
		return err
	}
	e.root = root
	return nil
}

// expansion is what a symbol stands for, annotated.
type expansion struct {
	prereqs, predicate *Expr // nil for nothing
	err                error // of either
}

// expand is the expansion of the symbol. It is worked out once.
func (s *Symbol) expand(t *Symtab) *expansion {
	s.once.Do(func() { s.expansion = (&annotator{symtab: t}).workOut(s) })
	return &s.expansion
}

// annotatedPrereqs is what must hold for the symbol, nil for nothing.
func (s *Symbol) annotatedPrereqs(t *Symtab) (*Expr, error) {
	if s.Prereqs == "" {
		return nil, nil
	}
	if x := s.expand(t); x.err == nil {
		return x.prereqs, nil
	}
	return (&annotator{symtab: t}).parse(s.Prereqs) // for the error as it is seen from here
}

// annotator annotates one expression.
type annotator struct {
	expr   *Expr
	symtab *Symtab
	// nesting is the symbols whose expansion is being worked out, the outermost first. It is empty for the expression of a user,
	// whose symbols are expanded already.
	nesting []*Symbol
}

// parse is the annotated expression of a prerequisite or predicate.
func (a *annotator) parse(text string) (*Expr, error) {
	e, err := Parse(text, &Env{Symtab: a.symtab})
	if err == nil {
		inner := annotator{expr: e, symtab: a.symtab, nesting: a.nesting}
		e.root, err = inner.annotate(e.root, true)
	}
	if err != nil {
		return nil, nestedError(text, err)
	}
	return e, nil
}

// annotate is the annotated tree. Without prereqs, those of symbols are left out: somebody above has them.
func (a *annotator) annotate(id nodeID, prereqs bool) (nodeID, error) {
	e := a.expr
	n := &e.nodes[id]
	if n.kind == kindCmp {
		return a.comparison(id, prereqs)
	}
	if !n.branch() {
		return id, nil
	}
	if prereqs {
		if s := e.unique(id); s != nil {
			prereqs = false
			needs, err := a.prereqsOf(s)
			if err != nil {
				return 0, err
			}
			id = a.require(id, needs)
		}
	}
	for c := e.take(id); c != 0; {
		next := e.nodes[c].next
		annotated, err := a.annotate(c, prereqs)
		if err != nil {
			return 0, err
		}
		e.push(id, annotated)
		c = next
	}
	return id, nil
}

// require is "id && needs".
func (a *annotator) require(id nodeID, needs *Expr) nodeID {
	if needs == nil || needs.root == 0 {
		return id
	}
	return a.expr.combine(kindAnd, id, a.expr.graft(needs, needs.root))
}

// prereqsOf is what must hold for a symbol.
func (a *annotator) prereqsOf(s *Symbol) (*Expr, error) {
	switch {
	case s.Prereqs == "":
		return nil, nil
	case len(a.nesting) == 0:
		return s.annotatedPrereqs(a.symtab)
	}
	return a.parse(s.Prereqs)
}

// comparison annotates one comparison.
func (a *annotator) comparison(id nodeID, prereqs bool) (nodeID, error) {
	s := a.expr.nodes[id].symbol
	if s.Pseudo {
		return 0, fmt.Errorf("%w: %s is a field of actions only", ErrNoMatch, s.Name)
	}
	if s.Parent == nil && s.Predicate == "" && (!prereqs || s.Prereqs == "") {
		return id, nil
	}
	x, err := a.expansionOf(s)
	if err != nil {
		return 0, err
	}
	n := &a.expr.nodes[id]
	switch {
	case s.Parent != nil:
		n.symbol = s.Parent
		n.value, n.mask = n.value.Shl(s.ParentOffset), n.mask.Shl(s.ParentOffset)
	case s.Predicate != "":
		positive := n.value.Bit(0) != (n.op == NE)
		a.expr.releaseOne(id)
		id = a.expr.graft(x.predicate, x.predicate.root)
		if !positive {
			a.expr.negate(id)
		}
	}
	if prereqs {
		id = a.require(id, x.prereqs)
	}
	return id, nil
}

// expansionOf is the expansion of a symbol at this place: the one that is worked out already, unless we are working one out, or
// there is an error, whose text says how one got there.
func (a *annotator) expansionOf(s *Symbol) (*expansion, error) {
	if len(a.nesting) == 0 {
		if x := s.expand(a.symtab); x.err == nil {
			return x, nil
		}
	}
	if slices.Contains(a.nesting, s) {
		return nil, textError("Recursive expansion of symbol `%s'.", s.Name)
	}
	x := a.workOut(s)
	return &x, x.err
}

// workOut parses and annotates what a symbol stands for.
func (a *annotator) workOut(s *Symbol) (x expansion) {
	inner := annotator{symtab: a.symtab, nesting: append(slices.Clip(a.nesting), s)}
	if s.Prereqs != "" {
		x.prereqs, x.err = inner.parse(s.Prereqs)
	}
	if s.Predicate != "" && x.err == nil {
		x.predicate, x.err = inner.parse(s.Predicate)
	}
	return x
}
