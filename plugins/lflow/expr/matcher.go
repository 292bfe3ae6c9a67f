package expr

import (
	"fmt"
	"math/bits"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// matcher writes the matches of one expression. All of them go into one piece of memory, wire, and become one string in the end.
type matcher struct {
	expr    *Expr
	dialect *dialect.Dialect
	options *MatchOptions
	nextID  uint32
	err     error

	oneTerm     bool        // there is nothing to find twice but what one clause has twice
	common      constraints // of all alternatives of a term
	constraints constraints // of the match in the making
	wire        []byte
	before      []byte // what plainClause has encoded once
	after       []byte
	drafts      []draft
	more        []moreConj
	losses      []loss
	seen        seen
}

// draft is a match whose bytes are in matcher.wire.
type draft struct {
	from, to    int32
	conj        flow.Conj // the first conjunction, or one with id 0
	more        int32     // 1 + index in matcher.more of the next conjunction, 0 for none
	loss        int32     // 1 + index in matcher.losses, 0 for none
	set         int32     // as in node, and of it:
	value, mask lex.Value
}

// moreConj is a conjunction of a draft that has several.
type moreConj struct {
	flow.Conj
	more int32 // as in draft
}

// loss is what was asked for where a draft is less than that: bytes in matcher.wire, and a VLAN tag.
type loss struct {
	from, to int32
	tci      tci
}

func (m *matcher) begin(e *Expr, d *dialect.Dialect, o *MatchOptions) {
	m.expr, m.dialect, m.options, m.err = e, d, o, nil
	m.nextID = max(o.FirstConjunction, 1)
	m.oneTerm = e.nodes[e.root].kind != kindOr
	m.wire, m.drafts, m.more, m.losses = m.wire[:0], m.drafts[:0], m.more[:0], m.losses[:0]
	m.seen.reset()
}

// end makes the list.
func (m *matcher) end() ([]Match, error) {
	if m.err != nil {
		return nil, m.err
	}
	text := flow.Match(m.wire)
	list := make([]Match, len(m.drafts))
	conjs, addresses := m.memory()
	for i := range m.drafts {
		d := &m.drafts[i]
		list[i].Match = text[d.from:d.to]
		if d.loss != 0 {
			l := m.losses[d.loss-1]
			list[i].asked = &asked{text[l.from:l.to], l.tci}
		}
		if d.set != 0 {
			addresses = append(addresses, Address{m.expr.strings[d.set-1], d.value, d.mask})
			list[i].Address = &addresses[len(addresses)-1]
		}
		if d.conj.ID != 0 {
			from := len(conjs)
			conjs = append(conjs, d.conj)
			for more := d.more; more != 0; more = m.more[more-1].more {
				conjs = append(conjs, m.more[more-1].Conj)
			}
			list[i].Conjunctions = conjs[from:len(conjs):len(conjs)]
		}
	}
	return list, nil
}

// memory is room for the conjunctions and addresses of all drafts, which never has to grow.
func (m *matcher) memory() ([]flow.Conj, []Address) {
	conjs, addresses := len(m.more), 0
	for i := range m.drafts {
		if m.drafts[i].conj.ID != 0 {
			conjs++
		}
		if m.drafts[i].set != 0 {
			addresses++
		}
	}
	return make([]flow.Conj, 0, conjs), make([]Address, 0, addresses)
}

// disjuncts writes each of the terms of an or, or the one there is.
func (m *matcher) disjuncts(id nodeID) {
	n := &m.expr.nodes[id]
	if n.kind != kindOr {
		m.term(id)
		return
	}
	for c := n.first; c != 0; c = m.expr.nodes[c].next {
		m.term(c)
	}
}

// term writes one term.
func (m *matcher) term(id nodeID) {
	m.common.set = 0
	m.common.put(slotMetadata, lex.Uint(m.options.Metadata), fullMask(m.options.Metadata != 0, 64))
	switch n := &m.expr.nodes[id]; n.kind {
	case kindAnd:
		m.conjunction(n)
	case kindCmp:
		m.alternative(id, flow.Conj{})
	case kindBoolean:
		if !n.not {
			m.constraints.copy(&m.common)
			m.write(draft{})
		}
	}
}

// fullMask is a mask of all ones if there is to be one.
func fullMask(is bool, bits int) lex.Value {
	if !is {
		return lex.Value{}
	}
	return lex.Ones(bits)
}

// conjunction writes an and: comparisons, and ors of comparisons. One or becomes a match for each of its alternatives. Several
// become clauses, and a match on the id of the conjunction that they make up.
func (m *matcher) conjunction(and *node) {
	e, clauses := m.expr, 0
	for c := and.first; c != 0; c = e.nodes[c].next {
		if e.nodes[c].kind == kindOr {
			clauses++
		} else if !m.constrain(&m.common, &e.nodes[c]) {
			return
		}
	}
	conj := flow.Conj{}
	if clauses > 1 {
		conj = flow.Conj{ID: m.nextID, Clauses: uint8(clauses)}
		m.nextID++
	}
	if clauses > maxClauses {
		m.fail(fmt.Errorf("%w: a conjunction of %d clauses, and OpenFlow has at most %d", ErrNoMatch, clauses, maxClauses))
		return
	}
	if !m.dialect.KeepDeadClauses && !m.alive(and) {
		return
	}
	for c := and.first; c != 0; c = e.nodes[c].next {
		if e.nodes[c].kind != kindOr {
			continue
		}
		if !m.clause(&e.nodes[c], conj) && clauses > 1 {
			return
		}
		conj.Clause++
	}
	if clauses != 1 {
		m.constraints.copy(&m.common)
		m.constraints.put(slotConjID, lex.Uint(uint64(conj.ID)), fullMask(clauses > 1, 32))
		m.write(draft{})
	}
}

// maxClauses is the most clauses of a conjunction (ovs-actions(7), conjunction).
const maxClauses = 64

// alive says whether each or of an and has an alternative that can match.
func (m *matcher) alive(and *node) bool {
	for c := and.first; c != 0; c = m.expr.nodes[c].next {
		or := &m.expr.nodes[c]
		if or.kind != kindOr {
			continue
		}
		alive := false
		for a := or.first; a != 0 && !alive; a = m.expr.nodes[a].next {
			m.constraints.copy(&m.common)
			alive = m.constrain(&m.constraints, &m.expr.nodes[a])
		}
		if !alive {
			return false
		}
	}
	return true
}

// clause writes the alternatives of an or and says whether there was any that can match.
func (m *matcher) clause(or *node, conj flow.Conj) (alive bool) {
	if m.plain(or) {
		m.plainClause(or, conj)
		return true
	}
	for c := or.first; c != 0; c = m.expr.nodes[c].next {
		if m.alternative(c, conj) {
			alive = true
		}
	}
	return alive
}

// plain says whether the alternatives of an or are such that their matches differ in the bytes of one field, and can all be sent.
func (m *matcher) plain(or *node) bool {
	s := m.expr.nodes[or.first].symbol
	if s.IsString() || s.Level != Ordinal || s.view.count != 1 || (m.common.set|decisiveSlots|narrow)&(1<<s.view.slot) != 0 {
		return false
	}
	m.constraints.copy(&m.common)
	m.constraints.set |= 1 << s.view.slot
	return m.constraints.unmet() == 0 && m.constraints.set&(1<<slotVLANPCP) == 0
}

// plainClause writes such alternatives. What is the same in all of them is encoded once.
func (m *matcher) plainClause(or *node, conj flow.Conj) {
	s := m.expr.nodes[or.first].symbol.view.slot
	m.constraints.set &= 1<<s - 1
	m.before = m.constraints.append(m.before[:0])
	m.constraints.set = m.common.set &^ (1<<s - 1)
	m.after = m.constraints.append(m.after[:0])
	for c := or.first; c != 0; {
		n := &m.expr.nodes[c]
		d := draft{conj: conj, set: n.set, value: n.value, mask: n.mask, from: int32(len(m.wire))}
		m.wire = s.appendTLV(append(m.wire, m.before...), n.value, n.mask)
		m.wire = append(m.wire, m.after...)
		d.to = int32(len(m.wire))
		if m.oneTerm {
			m.drafts = append(m.drafts, d)
		} else {
			m.add(&d)
		}
		c = n.next
	}
}

// alternative writes the match of one comparison and what is common, and says whether it can match.
func (m *matcher) alternative(id nodeID, conj flow.Conj) bool {
	n := &m.expr.nodes[id]
	m.constraints.copy(&m.common)
	if !m.constrain(&m.constraints, n) {
		return false
	}
	m.write(draft{conj: conj, set: n.set, value: n.value, mask: n.mask})
	return true
}

// constrain adds a comparison to a match. It is false when nothing can match then.
func (m *matcher) constrain(c *constraints, n *node) bool {
	value, mask, v := n.value, n.mask, n.symbol.view
	if n.symbol.IsString() {
		port, ok := lookup(m.options.Port, m.expr.strings[n.value.Lo])
		if !ok {
			return false
		}
		value, mask = lex.Uint(uint64(port)), lex.Ones(n.symbol.Field.Bits())
	} else if n.symbol.Level == Nominal && mask != lex.Ones(n.symbol.Width) {
		if !m.dialect.LoseUnsendable {
			m.fail(fmt.Errorf("%w: %s as a whole only, not some of its bits", ErrNoMatch, n.symbol.Name))
		}
		return true
	} else if (v.slot == slotIPDSCP || v.slot == slotIPECN) && m.dialect.LoseUnsendable {
		return true // OVS's mf_set takes their masks, which do not fill a byte, for those of some bits
	}
	for i := range int(v.count) {
		s := v.slot + slot(i)
		value, mask := v.part(value, i), v.part(mask, i)
		if s == slotCTState && m.dialect.LoseUnsendable { // OVS keeps 8 bits of it (struct flow)
			value, mask = value.And(lex.Ones(8)), mask.And(lex.Ones(8))
		}
		if !s.possible(value) {
			return false
		}
		if m.dialect.OverwriteSharedFields {
			c.put(s, value, mask)
		} else if !mask.IsZero() && !c.meet(s, value, mask) {
			return false
		}
	}
	return true
}

func (m *matcher) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// write adds the match of m.constraints, with what the draft says beside that.
func (m *matcher) write(d draft) {
	c := &m.constraints
	unmet := c.unmet()
	switch {
	case unmet == 0 && c.set&(1<<slotVLANPCP) == 0:
		m.send(d)
	case m.dialect.LoseUnsendable:
		m.sendLess(d, unmet)
	case unmet != 0:
		f := slots[bits.TrailingZeros64(unmet)].field
		m.fail(fmt.Errorf("%w: %s where a packet need not have it", ErrNoMatch, f.Name()))
	default:
		m.sendTagged(d)
	}
}

// send adds a match. When there is one with the same bytes, both become one.
func (m *matcher) send(d draft) {
	d.from = int32(len(m.wire))
	m.wire = m.constraints.append(m.wire)
	d.to = int32(len(m.wire))
	m.add(&d)
}

// sendLess adds a match without the slots whose prerequisites are not met, and without what it loses of a VLAN tag.
func (m *matcher) sendLess(d draft, unmet uint64) {
	c, tag := &m.constraints, m.constraints.tag()
	if unmet == 0 && tag.sendable() {
		m.send(d)
		return
	}
	l := loss{from: int32(len(m.wire))}
	if !tag.sendable() {
		l.tci = tag
		c.setTag(vlanPresent, vlanPresent, 0)
	}
	m.wire = c.append(m.wire)
	l.to = int32(len(m.wire))
	m.losses = append(m.losses, l)
	d.loss = int32(len(m.losses))
	if !tag.sendable() {
		c.setTag(tag.lossy())
	}
	c.set &^= unmet
	m.send(d)
}

// add adds a draft whose bytes are the last of m.wire.
func (m *matcher) add(d *draft) {
	i := m.find(d)
	if i == len(m.drafts) {
		m.drafts = append(m.drafts, *d)
		return
	}
	m.wire = m.wire[:d.from]
	old := &m.drafts[i]
	old.set = 0
	if old.conj.ID == 0 || d.conj.ID == 0 { // one of them needs no conjunction
		old.conj, old.more = flow.Conj{}, 0
		return
	}
	m.more = append(m.more, moreConj{Conj: d.conj})
	last := &old.more
	for *last != 0 {
		last = &m.more[*last-1].more
	}
	*last = int32(len(m.more))
}
