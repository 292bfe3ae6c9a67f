package expr

import (
	"cmp"
	"slices"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// crusher makes alternatives of a tree that is about one symbol: a list of values with masks (or strings) of which one has to
// match. No alternatives is "false"; one with an empty mask is "true".
type crusher struct {
	expr   *Expr
	symbol *Symbol
	keep   bool // alternatives that others cover (dialect.KeepSubsets)
	parts  bool // there are members of parts
	budget *budget

	// alts is a stack: what is in the making lies on top of what is made and not used yet.
	alts  []alternative
	spans []span // of lists in alts, while all works on them

	wide, product, spare []alternative // memory of widest and multiply
}

// span is a part of a slice.
type span struct{ from, to int }

// alternative is one value with a mask, or for a string symbol a string, by its index in Expr.strings in value.Lo.
type alternative struct {
	value, mask lex.Value
	ones        uint8 // number of one bits in mask
	set         int32 // as in node
}

// crush replaces a tree about one symbol by a boolean, one comparison, or an or of comparisons, of which none is there twice.
func (e *Expr) crush(id nodeID, symbol *Symbol, d *dialect.Dialect, b *budget) nodeID {
	if !e.nodes[id].branch() {
		return id
	}
	c := &e.scratch.crusher
	c.parts = e.parts.total > 0 && e.hasPart(id)
	c.expr, c.symbol, c.keep, c.budget, c.alts = e, symbol, d.KeepSubsets, b, c.alts[:0]
	c.tree(id)
	e.release(id)
	return c.node()
}

// node is the alternatives as a tree.
func (c *crusher) node() nodeID {
	switch {
	case len(c.alts) == 0:
		return c.expr.boolean(false)
	case len(c.alts) == 1 && !c.symbol.IsString() && c.alts[0].mask.IsZero():
		return c.expr.boolean(true)
	case len(c.alts) == 1:
		return c.comparison(&c.alts[0])
	}
	or := c.expr.add(node{kind: kindOr})
	for i := range c.alts {
		c.expr.push(or, c.comparison(&c.alts[i]))
	}
	return or
}

func (c *crusher) comparison(a *alternative) nodeID {
	return c.expr.add(node{kind: kindCmp, symbol: c.symbol, value: a.value, mask: a.mask, set: a.set})
}

// tree pushes the alternatives of a tree.
func (c *crusher) tree(id nodeID) {
	n := &c.expr.nodes[id]
	switch n.kind {
	case kindCmp:
		c.alts = append(c.alts, alternative{n.value, n.mask, uint8(n.mask.OnesCount()), n.set})
	case kindOr:
		from := len(c.alts)
		for child := n.first; child != 0; child = c.expr.nodes[child].next {
			c.tree(child)
		}
		c.tidy(from)
	case kindAnd:
		if c.symbol.IsString() {
			c.bothStrings(n.first)
		} else {
			c.all(n.first)
		}
	}
}

// tidy sorts the alternatives from a place on and leaves out those that are there twice, or covered by others.
func (c *crusher) tidy(from int) { c.alts = c.alts[:from+len(c.tidied(c.alts[from:]))] }

func (c *crusher) tidied(alts []alternative) []alternative {
	if !c.symbol.IsString() {
		for i := range alts {
			if alts[i].mask.IsZero() { // everything matches
				alts[0] = alts[i]
				return alts[:1]
			}
		}
	}
	if !slices.IsSortedFunc(alts, c.compare) {
		slices.SortFunc(alts, c.compare)
	}
	alts = c.unique(alts)
	if !c.keep && c.symbol.Level == Ordinal && !c.symbol.IsString() {
		alts = c.widest(alts)
	}
	return alts
}

// unique leaves out what is there twice. What comes from an address set and from elsewhere too does not belong to the set: it
// stays when the set loses it.
func (c *crusher) unique(alts []alternative) []alternative {
	n := 0
	for i := range alts {
		if n > 0 && c.compare(alts[n-1], alts[i]) == 0 {
			alts[n-1].set = 0
			continue
		}
		alts[n] = alts[i]
		n++
	}
	return alts[:n]
}

// compare is the order of alternatives.
func (c *crusher) compare(a, b alternative) int {
	if c.symbol.IsString() {
		return cmp.Compare(c.expr.strings[a.value.Lo], c.expr.strings[b.value.Lo])
	}
	if !c.keep && a.ones != b.ones {
		return cmp.Compare(a.ones, b.ones)
	}
	if n := a.value.Compare(b.value); n != 0 {
		return n
	}
	return a.mask.Compare(b.mask)
}

// widest leaves out alternatives that others cover. Where there are addresses of a set it leaves all as they are: each must come
// and go with its address.
func (c *crusher) widest(alts []alternative) []alternative {
	if c.parts {
		c.lose(alts)
	}
	if len(alts) < 2 || alts[0].ones == alts[len(alts)-1].ones {
		return alts
	}
	for i := range alts {
		if alts[i].set != 0 {
			return alts
		}
	}
	wide := cover{list: c.wide[:0]}
	n := 0
	for _, a := range alts {
		if !wide.covers(a) {
			wide.add(a)
			alts[n] = a
			n++
		}
	}
	c.wide = wide.list[:0]
	return alts[:n]
}

// bothStrings pushes the strings that all children allow, in order.
func (c *crusher) bothStrings(first nodeID) {
	from := len(c.alts)
	for child := first; child != 0; child = c.expr.nodes[child].next {
		next := len(c.alts)
		c.tree(child)
		if child == first {
			continue
		}
		n := from
		for _, a := range c.alts[from:next] {
			if _, both := slices.BinarySearchFunc(c.alts[next:], a, c.compare); both {
				c.alts[n] = a
				n++
			}
		}
		c.alts = c.alts[:n]
	}
}
