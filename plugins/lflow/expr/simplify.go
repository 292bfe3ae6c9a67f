package expr

import (
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// Simplify leaves no comparison but by ==. A comparison that is always true or false becomes a boolean, and booleans vanish from
// what is around them.
func (e *Expr) Simplify(negation dialect.Negation) {
	if e.root != 0 {
		e.root = e.simplify(e.root, negation)
	}
}

func (e *Expr) simplify(id nodeID, negation dialect.Negation) nodeID {
	switch n := &e.nodes[id]; {
	case n.kind == kindCmp:
		return e.simplifyComparison(id, negation)
	case !n.branch():
		return id
	}
	for c := e.take(id); c != 0; {
		next := e.nodes[c].next
		e.push(id, e.simplify(c, negation))
		c = next
	}
	return e.fix(id)
}

func (e *Expr) simplifyComparison(id nodeID, negation dialect.Negation) nodeID {
	n := &e.nodes[id]
	switch {
	case n.symbol.IsString():
		return id
	case n.op == NE:
		return e.unequal(id, negation)
	case n.op != EQ:
		return e.relational(id, negation)
	case n.mask.IsZero(): // ip4.dst == 0/0
		e.releaseOne(id)
		return e.boolean(true)
	}
	return id
}

// unequal is a != comparison as alternatives: one for each bit that may be another. With an empty mask it is false, because the
// same with == is true.
func (e *Expr) unequal(id nodeID, negation dialect.Negation) nodeID {
	n := e.nodes[id]
	e.releaseOne(id)
	or := e.add(node{kind: kindOr})
	for rest := n.mask; !rest.IsZero(); {
		bit := lex.Uint(1).Shl(rest.TrailingZeros())
		c := node{kind: kindCmp, symbol: n.symbol, mask: bit}
		if negation == dialect.NegatePrefixes {
			c.mask = rest
		}
		c.value = n.value.Xor(bit).And(c.mask)
		e.push(or, e.add(c))
		rest = rest.AndNot(bit)
	}
	return e.fix(or)
}

// relational is a comparison by <, <=, > or >= as alternatives: tcp.dst > 6 holds when a bit that is 0 in 6 is 1, and all higher
// ones are as in 6. The mask of such a comparison has its ones in a row.
func (e *Expr) relational(id nodeID, negation dialect.Negation) nodeID {
	n := e.nodes[id]
	less, equal := n.op.less(), n.op == LE || n.op == GE
	open := n.mask.AndNot(n.value) // the bits that can be more than they are
	if less {
		open = n.value
	}
	if less && n.value == n.mask || !less && n.value.IsZero() {
		if !equal {
			return e.unequal(id, negation) // tcp.dst < 65535, tcp.dst > 0
		}
		e.releaseOne(id) // tcp.dst <= 65535, tcp.dst >= 0
		return e.boolean(true)
	}
	n.op = EQ
	e.nodes[id] = n
	or := e.add(node{kind: kindOr})
	if equal {
		e.push(or, id)
	}
	for !open.IsZero() {
		bit := open.TrailingZeros()
		c := n
		c.mask = n.mask.AndNot(lex.Ones(bit))
		c.value = n.value.Xor(lex.Uint(1).Shl(bit)).And(c.mask)
		e.push(or, e.add(c))
		open = open.AndNot(lex.Uint(1).Shl(bit))
	}
	if !equal {
		e.releaseOne(id)
	}
	return e.fix(or)
}
