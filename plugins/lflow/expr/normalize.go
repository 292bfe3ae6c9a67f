package expr

import (
	"cmp"
	"slices"
	"strings"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
)

// Normalize brings an expression into the form that conjunctions of OpenFlow can say: "1", "0", one term, or an or of terms, a
// term being a comparison, or an and of comparisons and of ors of comparisons of one field each. It must be simplified, and its
// conditions evaluated.
//
// limit is the most flows the expression may become, DefaultLimit if it is 0. The error is a *LimitError; the expression is
// empty then.
func (e *Expr) Normalize(d *dialect.Dialect, limit int) error {
	if e.root == 0 {
		return nil
	}
	e.scratch.budget = newBudget(limit)
	n := normalizer{Expr: e, dialect: d, budget: &e.scratch.budget}
	e.root = n.normalize(e.root)
	if n.budget.err != nil {
		e.root = 0
	}
	return n.budget.err
}

type normalizer struct {
	*Expr
	dialect *dialect.Dialect
	budget  *budget
}

func (n *normalizer) normalize(id nodeID) nodeID {
	switch n.nodes[id].kind {
	case kindAnd:
		return n.and(id)
	case kindOr:
		return n.or(id)
	}
	return id
}

// or normalizes each child.
func (n *normalizer) or(id nodeID) nodeID {
	for c := n.take(id); c != 0; {
		next := n.nodes[c].next
		if n.nodes[c].kind == kindAnd {
			c = n.and(c)
		}
		if n.nodes[c].kind == kindBoolean && !n.nodes[c].not {
			n.releaseChain(next)
			n.release(id)
			return c
		}
		if n.nodes[c].kind == kindBoolean {
			n.releaseOne(c)
		} else {
			n.push(id, c)
		}
		c = next
	}
	return n.fix(id)
}

// and brings together what is about one symbol, and multiplies out each or that is about several, or about a field that may be no
// clause of a conjunction.
func (n *normalizer) and(id nodeID) nodeID {
	id = n.sort(id)
	if n.nodes[id].kind != kindAnd {
		return n.normalizeSorted(id)
	}
	for c := n.nodes[id].first; c != 0; c = n.nodes[c].next {
		if n.nodes[c].kind != kindOr {
			continue
		}
		if s := n.unique(c); s == nil || s.CrossProduct {
			return n.distribute(id, c)
		}
	}
	return id
}

// normalizeSorted is for an and that sorting has left with one child: an or of several symbols is not normalized yet.
func (n *normalizer) normalizeSorted(id nodeID) nodeID {
	if n.nodes[id].kind == kindOr && n.unique(id) == nil {
		return n.or(id)
	}
	return id
}

// distribute is "a && (b || c)" as "(a && b) || (a && c)", normalized. or is the child of and to multiply out.
func (n *normalizer) distribute(and, or nodeID) nodeID {
	all := n.add(node{kind: kindOr})
	others := n.size(and) - n.size(or)
	for choice := n.nodes[or].first; choice != 0; choice = n.nodes[choice].next {
		if !n.affordable(others+n.size(choice), and) {
			return all
		}
		term := n.add(node{kind: kindAnd})
		for c := n.nodes[and].first; c != 0; c = n.nodes[c].next {
			if c == or {
				n.push(term, n.graft(n.Expr, choice))
			} else {
				n.push(term, n.graft(n.Expr, c))
			}
		}
		term = n.and(term)
		switch t := &n.nodes[term]; {
		case t.kind != kindBoolean:
			n.push(all, term)
		case t.not:
			n.releaseOne(term)
		default:
			n.release(and)
			n.release(all)
			return term
		}
	}
	n.release(and)
	return n.fix(all)
}

// affordable pays for a term that is to have so many nodes, one of those that an and multiplies out to.
func (n *normalizer) affordable(size int, and nodeID) bool {
	n.budget.copies++
	n.budget.terms += size
	if n.budget.terms > termsPerFlow*n.budget.limit {
		n.budget.refuseTerms(n.estimate(and))
	}
	return n.budget.err == nil
}

// size is the number of nodes in a tree.
func (e *Expr) size(id nodeID) int {
	size := 1
	for c := e.nodes[id].first; c != 0; c = e.nodes[c].next {
		size += e.size(c)
	}
	return size
}

// estimate is how many terms an and multiplies out to at most, and what is multiplied.
func (n *normalizer) estimate(and nodeID) (float64, string) {
	total, factors := 1.0, []string(nil)
	for c := n.nodes[and].first; c != 0; c = n.nodes[c].next {
		if n.nodes[c].kind != kindOr {
			continue
		}
		count := n.terms(c)
		total *= count
		if len(factors) < mostFactors {
			factors = append(factors, alternativesText(count, n.symbolNames(c)))
		} else if len(factors) == mostFactors {
			factors = append(factors, "and so on")
		}
	}
	return total, strings.Join(factors, " times ")
}

// terms is how many terms a tree multiplies out to at most.
func (n *normalizer) terms(id nodeID) float64 {
	total := 0.0
	switch n.nodes[id].kind {
	case kindAnd:
		total = 1
		for c := n.nodes[id].first; c != 0; c = n.nodes[c].next {
			total *= n.terms(c)
		}
		return total
	case kindOr:
		for c := n.nodes[id].first; c != 0; c = n.nodes[c].next {
			total += n.terms(c)
		}
		return total
	}
	return 1
}

// symbolNames are the names of the symbols in a tree, each once, the first few.
func (n *normalizer) symbolNames(id nodeID) (names []string) {
	var walk func(id nodeID)
	walk = func(id nodeID) {
		if s := n.nodes[id].symbol; s != nil && len(names) < 4 && !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
		for c := n.nodes[id].first; c != 0; c = n.nodes[c].next {
			walk(c)
		}
	}
	walk(id)
	return names
}

// sorted is a child of an and as sorting sees it.
type sorted struct {
	id     nodeID
	kind   kind    // kindCmp for anything about one symbol
	symbol *Symbol // that symbol
	length int     // children of an and or an or
}

// compareSorted puts what is about one symbol first, by name, then the rest, by kind and length.
func compareSorted(a, b sorted) int {
	switch {
	case a.kind != b.kind:
		return cmp.Compare(a.kind, b.kind)
	case a.symbol != nil:
		return cmp.Compare(a.symbol.Name, b.symbol.Name)
	}
	return cmp.Compare(a.length, b.length)
}

// sort sorts the children of an and and makes one of those that are about the same symbol. If they contradict each other, the
// result is "0".
func (n *normalizer) sort(id nodeID) nodeID {
	list := n.scratch.sorted[:0]
	for c := n.take(id); c != 0; c = n.nodes[c].next {
		s := sorted{id: c, kind: n.nodes[c].kind, symbol: n.unique(c)}
		if s.symbol != nil {
			s.kind = kindCmp
		} else {
			s.length = n.length(c)
		}
		list = append(list, s)
	}
	n.scratch.sorted = list
	n.releaseOne(id)
	slices.SortStableFunc(list, compareSorted)

	var and nodeID
	for len(list) > 0 {
		together, same := list[0].id, 1
		if s := list[0].symbol; s != nil {
			for ; same < len(list) && list[same].symbol == s; same++ {
				together = n.combine(kindAnd, together, list[same].id)
			}
			together = n.crush(together, s, n.dialect, n.budget)
		}
		list = list[same:]
		switch t := &n.nodes[together]; {
		case t.kind != kindBoolean:
			t.next = 0
			and = n.combine(kindAnd, and, together)
		case t.not:
			for _, rest := range list {
				n.release(rest.id)
			}
			if and != 0 {
				n.release(and)
			}
			return together
		default:
			n.releaseOne(together)
		}
	}
	if and == 0 {
		return n.boolean(true)
	}
	return and
}

// length is the number of children.
func (e *Expr) length(id nodeID) (n int) {
	for c := e.nodes[id].first; c != 0; c = e.nodes[c].next {
		n++
	}
	return n
}
