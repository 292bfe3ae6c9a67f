package expr

import (
	"cmp"
	"errors"
	"slices"
)

// A set with thousands of members changes by a few. What that does to the flows one finds by compiling the match twice, with parts of its
// sets in place of the whole: the members that come and go with a few that stay, as it was before and as it is after. The flows that
// differ are those that would differ if the sets were whole, when each flow is there for one member at most, whatever other members there
// are. Compiler sees to that: it returns ErrEntangled unless
//   - the set is compared by ==, with whole fields that hold addresses or ports, so that each member is an alternative of its own;
//   - nothing else is said of that field in the same term, so that no alternative is combined with another;
//   - members are alternatives of one clause, or of terms without conjunctions: their number decides about no conjunction id;
//   - two sets meet in one term only as clauses of a conjunction, whose flows add up rather than multiply;
//   - the whole match stays within the limits.
//
// It is for the caller to choose parts that
//   - have two members of different values that stay, so that an or remains an or, and one of them matches something if any does;
//   - have what is Decisive;
//   - have each member whose value is in another part: a flow that two members make stays when one of them goes.

// ErrEntangled is returned for a match with parts of sets whose flows may be there for several members together.
var ErrEntangled = errors.New("not every member of a set has flows of its own")

// parts is what an expression has of parts of sets.
type parts struct {
	total, most int // members of the whole sets, one for each time that it is named: of all, of the largest

	entangled  bool
	multiplied bool // some members are terms, rather than alternatives of a clause
	clauses    bool // some are alternatives of a clause
}

// addressSlots and portSlots are the fields whose values decide about nothing else, such as what other fields a packet has.
const (
	addressSlots = 1<<slotEthSrc | 1<<slotEthDst | 1<<slotIPv6Src | 1<<slotIPv6Dst | 1<<slotARPSPA | 1<<slotARPTPA |
		1<<slotIPSrc | 1<<slotIPDst | 1<<slotARPSHA | 1<<slotARPTHA | 1<<slotNDTarget | 1<<slotNDSLL | 1<<slotNDTLL
	portSlots = 1<<(slotReg0+14) | 1<<(slotReg0+15)
)

// Diff is what other has and s has not, and the other way round. Both are address sets, or both port groups.
func (s *ConstantSet) Diff(other *ConstantSet) (added, removed []Constant) {
	a, b := s.Values, other.Values
	for len(a) > 0 && len(b) > 0 {
		switch n := s.Type.compare(&a[0], &b[0]); {
		case n < 0:
			removed, a = append(removed, a[0]), a[1:]
		case n > 0:
			added, b = append(added, b[0]), b[1:]
		default:
			a, b = a[1:], b[1:]
		}
	}
	return append(added, b...), append(removed, a...)
}

// Part is the part of an address set or a port group that has the values of some constants, with any masks.
func (s *ConstantSet) Part(of []Constant) *ConstantSet {
	part := &ConstantSet{Type: s.Type, InBraces: s.InBraces, whole: len(s.Values)}
	for i := range of {
		from, _ := slices.BinarySearchFunc(s.Values, &of[i], s.Type.compareValues)
		for ; from < len(s.Values) && s.Type.compareValues(s.Values[from], &of[i]) == 0; from++ {
			part.Values = append(part.Values, s.Values[from])
		}
	}
	part.sort()
	return part
}

// Has says whether an address set or a port group has a constant.
func (s *ConstantSet) Has(c *Constant) bool {
	_, has := slices.BinarySearchFunc(s.Values, c, func(a Constant, c *Constant) int { return s.Type.compare(&a, c) })
	return has
}

// Decisive is constants of an address set on which it depends whether a comparison with it is an error or always true: the widest and
// the lowest one, because an empty mask comes first. The set must not be empty.
func (s *ConstantSet) Decisive() []Constant { return []Constant{s.Values[0], s.Values[s.widest]} }

// sort brings constants in order, each once.
func (s *ConstantSet) sort() {
	compare := func(a, b Constant) int { return s.Type.compare(&a, &b) }
	if !slices.IsSortedFunc(s.Values, compare) {
		slices.SortFunc(s.Values, compare)
	}
	s.Values = slices.CompactFunc(s.Values, func(a, b Constant) bool { return compare(a, b) == 0 })
}

// compare is the order of constants in a set.
func (t Type) compare(a, b *Constant) int {
	if t == String {
		return cmp.Compare(a.Text, b.Text)
	}
	return a.compare(b)
}

// compareValues is the same order, but for masks.
func (t Type) compareValues(a Constant, b *Constant) int {
	if t == String {
		return cmp.Compare(a.Text, b.Text)
	}
	return a.Value.Compare(b.Value)
}

// usePart takes note that a set stands in the text of which there is only a part.
func (p *parser) usePart(set, named *ConstantSet) {
	set.whole += named.whole
	if p.expr != nil {
		p.expr.parts.total += named.whole
		p.expr.parts.most = max(p.expr.parts.most, named.whole)
	}
}

// comparePart says of a comparison with part of a set whether its members may be told apart.
func (p *parser) comparePart(f Field, op RelOp, set *ConstantSet) {
	always := func(c Constant) bool { return c.Masked && c.Mask.IsZero() }
	negative := (op == NE) != p.not
	if op != EQ && op != NE || negative || f.Offset != 0 || f.Bits != f.Symbol.Width || slices.ContainsFunc(set.Values, always) {
		p.expr.parts.entangled = true
	}
}

// tellApart looks at a simplified expression with parts of sets.
func (e *Expr) tellApart() {
	if e.parts.total > 0 && e.root != 0 {
		e.parts.multiplied = e.tree(e.root, false).multiplied
	}
}

// members is what a tree has of members of parts.
type members struct {
	own, all   uint64 // slots of comparisons with members, and of all comparisons
	multiplied bool   // some are terms
}

// tree looks at one tree: what is under an and, or not.
func (e *Expr) tree(id nodeID, underAnd bool) (m members) {
	switch n := &e.nodes[id]; n.kind {
	case kindCmp:
		return e.member(n)
	case kindOr:
		for c := n.first; c != 0; c = e.nodes[c].next {
			o := e.tree(c, false)
			m = members{m.own | o.own, m.all | o.all, m.multiplied || o.multiplied}
		}
		if m.own != 0 && underAnd && e.unique(id) != nil {
			m.multiplied, e.parts.clauses = false, true
		}
	case kindAnd:
		for c := n.first; c != 0; c = e.nodes[c].next {
			o := e.tree(c, true)
			if m.own&o.all|m.all&o.own != 0 || m.own != 0 && o.own != 0 && (m.multiplied || o.multiplied) {
				e.parts.entangled = true
			}
			m = members{m.own | o.own, m.all | o.all, m.multiplied || o.multiplied}
		}
	}
	return m
}

func (e *Expr) member(n *node) (m members) {
	v := n.symbol.view
	m.all = (1<<v.count - 1) << v.slot
	if !n.part {
		e.parts.entangled = e.parts.entangled || !n.symbol.IsString() && m.all&portSlots != 0 // a port, by its number
		return m
	}
	m.own, m.multiplied = m.all, true
	fields := uint64(addressSlots)
	if n.symbol.IsString() {
		fields = portSlots
	}
	if m.own&^fields != 0 {
		e.parts.entangled = true
	}
	return m
}

// partsError looks at a normalized expression with parts of sets.
func (e *Expr) partsError() error {
	p, b := &e.parts, &e.scratch.budget
	if p.total == 0 || e.root == 0 {
		return nil
	}
	if p.multiplied && e.ConjunctionCount(anyPort) > 0 {
		p.entangled = true
	}
	flows, terms := e.flows(e.root), 1
	if e.nodes[e.root].kind == kindOr {
		terms = e.length(e.root)
	}
	// What the whole sets would be: a clause has all members, once in each term; of terms there is one for each member, and there are
	// at least two members in the part.
	copied, pairs := b.terms, b.pairs
	if p.multiplied {
		flows += flows * p.most / 2
		copied += copied * p.most / 2
		pairs += pairs * p.most / 2
	}
	if p.clauses {
		flows += terms * p.total
		copied += b.copies * p.total
	}
	if p.entangled || flows > b.limit || copied > termsPerFlow*b.limit || pairs > pairsPerFlow*b.limit {
		return ErrEntangled
	}
	return nil
}

func anyPort(string) (uint32, bool) { return 1, true }

// lose takes note when alternatives with members of parts have none left of which it is sure that no other alternative is the same:
// then it depends on the members that are not in the parts whether alternatives that others cover stay.
func (c *crusher) lose(alts []alternative) {
	if c.parts && !slices.ContainsFunc(alts, func(a alternative) bool { return a.set != 0 }) {
		c.expr.parts.entangled = true
	}
}

// hasPart says whether a tree has members of a part.
func (e *Expr) hasPart(id nodeID) bool {
	if e.nodes[id].part {
		return true
	}
	for c := e.nodes[id].first; c != 0; c = e.nodes[c].next {
		if e.hasPart(c) {
			return true
		}
	}
	return false
}
