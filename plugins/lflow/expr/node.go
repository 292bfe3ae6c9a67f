package expr

import "github.com/flowhost/flowhost/plugins/lflow/lex"

// Expr is an expression in one of its stages (see the package's overview). The zero Expr is empty: no expression, which And
// takes for "true".
type Expr struct {
	// nodes holds all nodes. Links between them are indexes, so that growing it moves nothing that is linked, and copying it
	// copies the expression. nodes[0] is not used: 0 is no node.
	nodes []node
	root  nodeID
	free  nodeID // nodes given back, linked by next

	strings []string // what cmps of string fields and conditions name
	// AddressSets and PortGroups are the names of sets that the text asked for, each once for each time, found or not: what the
	// expression depends on.
	AddressSets, PortGroups []string

	parts   parts
	scratch scratch
}

// nodeID is an index of Expr.nodes, 0 for none.
type nodeID int32

// node is one node of the tree. Children of an and or an or are linked by next, from first to last.
type node struct {
	kind kind
	op   RelOp // of a cmp
	// not is: of a boolean, false, and of a condition, that it is negated.
	not  bool
	part bool  // of a cmp: its constant stands beside part of a set, or comes from it
	set  int32 // of a cmp: 1 + index in strings of the address set that value comes from, 0 for none
	next nodeID

	// Invariant: an and or an or has at least two children, none of its own kind, once a stage has returned.
	first, last nodeID

	symbol *Symbol // of a cmp
	// value and mask are those of a cmp. A cmp of a string field and a condition have the index in strings in value.
	// Invariant: value has no one bit where mask has none.
	value, mask lex.Value
}

// kind is what a node is. Their order is that in which sorting leaves them.
type kind uint8

const (
	kindCmp kind = iota
	kindAnd
	kindOr
	kindBoolean
	kindCondition
)

// Empty says whether there is no expression.
func (e *Expr) Empty() bool { return e.root == 0 }

// Bool is the value of an expression that is just "1" or "0"; ok is false for every other.
func (e *Expr) Bool() (value, ok bool) {
	if e.root == 0 || e.nodes[e.root].kind != kindBoolean {
		return false, false
	}
	return !e.nodes[e.root].not, true
}

// keptNodes is from how many nodes on memory is given back rather than kept for the next expression.
const keptNodes = 1 << 15

// Reset empties the expression and keeps its memory, but not all that an unusually large one took.
func (e *Expr) Reset() {
	if cap(e.nodes) > keptNodes {
		*e = Expr{}
	}
	e.nodes = append(e.nodes[:0], node{})
	e.root, e.free = 0, 0
	e.strings = e.strings[:0]
	e.AddressSets, e.PortGroups = e.AddressSets[:0], e.PortGroups[:0]
	e.parts = parts{}
}

// add puts a node into the arena. Pointers into nodes do not outlive it.
func (e *Expr) add(n node) nodeID {
	if id := e.free; id != 0 {
		e.free = e.nodes[id].next
		e.nodes[id] = n
		return id
	}
	if len(e.nodes) == 0 {
		e.nodes = append(e.nodes, node{})
	}
	e.nodes = append(e.nodes, n)
	return nodeID(len(e.nodes) - 1)
}

func (e *Expr) boolean(value bool) nodeID { return e.add(node{kind: kindBoolean, not: !value}) }

func (e *Expr) text(s string) int {
	e.strings = append(e.strings, s)
	return len(e.strings) - 1
}

// release gives back a node and all below it.
func (e *Expr) release(id nodeID) {
	e.releaseChain(e.nodes[id].first)
	e.releaseOne(id)
}

// releaseChain gives back a node, those linked behind it, and all below them.
func (e *Expr) releaseChain(id nodeID) {
	for id != 0 {
		next := e.nodes[id].next
		e.release(id)
		id = next
	}
}

// releaseOne gives back a node whose children have been taken away.
func (e *Expr) releaseOne(id nodeID) {
	e.nodes[id] = node{next: e.free}
	e.free = id
}

// branch says whether a node has children.
func (n *node) branch() bool { return n.kind == kindAnd || n.kind == kindOr }

// push appends a child to an and or an or. A child of the same kind gives its children instead and is gone.
func (e *Expr) push(parent, child nodeID) {
	p, c := &e.nodes[parent], &e.nodes[child]
	first, last := child, child
	if p.kind == c.kind {
		first, last = c.first, c.last
		e.releaseOne(child)
		if first == 0 {
			return
		}
	}
	e.nodes[last].next = 0
	if p.last == 0 {
		p.first = first
	} else {
		e.nodes[p.last].next = first
	}
	p.last = last
}

// take takes all children away and returns the first.
func (e *Expr) take(parent nodeID) nodeID {
	p := &e.nodes[parent]
	first := p.first
	p.first, p.last = 0, 0
	return first
}

// combine is "a && b" or "a || b", by kind, in one node with what is already of that kind. Either may be 0 for nothing.
func (e *Expr) combine(k kind, a, b nodeID) nodeID {
	switch {
	case a == 0:
		return b
	case b == 0:
		return a
	case e.nodes[a].kind == k:
		e.push(a, b)
		return a
	case e.nodes[b].kind == k:
		e.nodes[a].next = e.nodes[b].first
		e.nodes[b].first = a
		return b
	}
	id := e.add(node{kind: k})
	e.push(id, a)
	e.push(id, b)
	return id
}

// fix brings an and or an or back to its invariant: without booleans, and with at least two children or replaced by what that
// leaves.
func (e *Expr) fix(id nodeID) nodeID {
	if !e.nodes[id].branch() {
		return id
	}
	decisive := e.nodes[id].kind == kindOr // what one child decides alone: true for or, false for and
	for c := e.take(id); c != 0; {
		next := e.nodes[c].next
		switch {
		case e.nodes[c].kind != kindBoolean:
			e.push(id, c)
		case e.nodes[c].not != decisive:
			e.releaseChain(c)
			e.release(id)
			return e.boolean(decisive)
		default:
			e.releaseOne(c)
		}
		c = next
	}
	switch n := e.nodes[id]; {
	case n.first == 0:
		e.releaseOne(id)
		return e.boolean(!decisive)
	case n.first == n.last:
		e.releaseOne(id)
		return n.first
	}
	return id
}

// negate turns a tree into its opposite.
func (e *Expr) negate(id nodeID) {
	n := &e.nodes[id]
	switch n.kind {
	case kindCmp:
		n.op = n.op.inverted()
		return
	case kindBoolean, kindCondition:
		n.not = !n.not
		return
	case kindAnd:
		n.kind = kindOr
	case kindOr:
		n.kind = kindAnd
	}
	for c := n.first; c != 0; c = e.nodes[c].next {
		e.negate(c)
	}
}

// graft copies a tree of another expression, or of the same one.
func (e *Expr) graft(from *Expr, id nodeID) nodeID {
	n := from.nodes[id]
	first := n.first
	n.next, n.first, n.last = 0, 0, 0
	if from != e {
		if n.kind == kindCondition || n.kind == kindCmp && n.symbol.IsString() {
			n.value.Lo = uint64(e.text(from.strings[n.value.Lo]))
		}
		if n.set != 0 {
			n.set = 1 + int32(e.text(from.strings[n.set-1]))
		}
	}
	copied := e.add(n)
	for c := first; c != 0; c = from.nodes[c].next {
		e.push(copied, e.graft(from, c))
	}
	return copied
}

// And makes e "e && o". o is not changed and may be nil or empty.
func (e *Expr) And(o *Expr) {
	if o != nil && o.root != 0 {
		e.root = e.combine(kindAnd, e.root, e.graft(o, o.root))
	}
}

// Clone is a copy that shares nothing with e.
func (e *Expr) Clone() *Expr {
	c := &Expr{
		nodes: append([]node(nil), e.nodes...), root: e.root, free: e.free, parts: e.parts,
		strings:     append([]string(nil), e.strings...),
		AddressSets: append([]string(nil), e.AddressSets...),
		PortGroups:  append([]string(nil), e.PortGroups...),
	}
	return c
}

// unique is the symbol that all comparisons of a tree are about, nil if there are several, or something else than comparisons.
func (e *Expr) unique(id nodeID) *Symbol {
	n := &e.nodes[id]
	switch {
	case n.kind == kindCmp:
		return n.symbol
	case !n.branch():
		return nil
	}
	var symbol *Symbol
	for c := n.first; c != 0; c = e.nodes[c].next {
		s := e.unique(c)
		if s == nil || symbol != nil && s != symbol {
			return nil
		}
		symbol = s
	}
	return symbol
}

// level is what a predicate that stands for the tree may be asked.
func (e *Expr) level(id nodeID) Level {
	n := &e.nodes[id]
	switch {
	case n.kind == kindCmp && n.symbol.Level == Nominal:
		return Nominal
	case !n.branch():
		return Boolean
	}
	level := Ordinal
	for c := n.first; c != 0; c = e.nodes[c].next {
		level = min(level, e.level(c))
	}
	return level
}
