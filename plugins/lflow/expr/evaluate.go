package expr

import (
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Packet is the fields of one packet, as far as logical flows look at them (a microflow). The zero Packet has 0 in all of them.
type Packet struct {
	values [slotCount]lex.Value
}

// Set gives a field a value. It does nothing for a field that logical flows do not match.
func (p *Packet) Set(f *flow.Field, value lex.Value) {
	if v, ok := viewOf(f); ok {
		p.put(v, value)
	}
}

func (p *Packet) put(v view, value lex.Value) {
	for i := range int(v.count) {
		p.values[v.slot+slot(i)] = v.part(value, i)
	}
}

// Get is the value of a field, 0 of a field that logical flows do not match.
func (p *Packet) Get(f *flow.Field) lex.Value {
	v, ok := viewOf(f)
	if !ok {
		return lex.Value{}
	}
	return p.get(v)
}

func (p *Packet) get(v view) lex.Value {
	if v.count == 1 {
		return p.values[v.slot]
	}
	return v.join(func(s slot) lex.Value { return p.values[s] })
}

// Evaluate says whether an expression holds of a packet. It may be at any stage from annotated on. port is as in MatchOptions;
// is_chassis_resident() is taken to be true. This is for tests and tools: OpenFlow does it much faster.
func (e *Expr) Evaluate(p *Packet, port func(name string) (number uint32, ok bool)) bool {
	return e.root != 0 && e.evaluate(e.root, p, port)
}

func (e *Expr) evaluate(id nodeID, p *Packet, port func(name string) (number uint32, ok bool)) bool {
	n := &e.nodes[id]
	switch n.kind {
	case kindCmp:
		return e.evaluateComparison(n, p, port)
	case kindBoolean, kindCondition:
		return !n.not
	}
	decisive := n.kind == kindOr
	for c := n.first; c != 0; c = e.nodes[c].next {
		if e.evaluate(c, p, port) == decisive {
			return decisive
		}
	}
	return !decisive
}

func (e *Expr) evaluateComparison(n *node, p *Packet, port func(name string) (number uint32, ok bool)) bool {
	value := p.get(n.symbol.view)
	if !n.symbol.IsString() {
		return n.op.holds(value.And(n.mask).Compare(n.value))
	}
	number, ok := lookup(port, e.strings[n.value.Lo])
	return ok && n.op.holds(value.Compare(lex.Uint(uint64(number))))
}

// Matches says whether a match that logical flows can make holds of the packet. Fields of other matches hold of none.
func (p *Packet) Matches(m flow.Match) bool {
	for wire := string(m); len(wire) >= 4; {
		size := int(wire[3])
		if len(wire) < 4+size {
			return false
		}
		header := uint32(wire[0])<<24 | uint32(wire[1])<<16 | uint32(wire[2])<<8
		s, ok := slotsByHeader[header&^(maskBit|0xff)]
		if !ok || !p.matchesSlot(s, wire[4:4+size], header&maskBit != 0) {
			return false
		}
		wire = wire[4+size:]
	}
	return true
}

// Hit says whether a switch with these matches takes the packet for one of the logical flow: by a match without conjunctions, or
// by one on the id of a conjunction when the packet has a match in each of its clauses (ovs-actions(7), conjunction).
func Hit(matches []Match, p *Packet) bool {
	var clauses map[uint32]uint64 // those of each conjunction that the packet has a match in
	for i := range matches {
		m := &matches[i]
		if !p.Matches(m.Match) {
			continue
		}
		if len(m.Conjunctions) == 0 {
			return true
		}
		if clauses == nil {
			clauses = make(map[uint32]uint64)
		}
		for _, c := range m.Conjunctions {
			clauses[c.ID] |= 1 << c.Clause
			if clauses[c.ID] == 1<<c.Clauses-1 && hitConjunction(matches, *p, c.ID) {
				return true
			}
		}
	}
	return false
}

func hitConjunction(matches []Match, p Packet, id uint32) bool {
	p.Set(flow.ConjID, lex.Uint(uint64(id)))
	for i := range matches {
		if len(matches[i].Conjunctions) == 0 && p.Matches(matches[i].Match) {
			return true
		}
	}
	return false
}

func (p *Packet) matchesSlot(s slot, body string, masked bool) bool {
	mask := lex.Ones(int(slots[s].bits))
	if masked {
		body, mask = body[:len(body)/2], valueOf(body[len(body)/2:])
	}
	return p.values[s].And(mask) == valueOf(body)
}

func valueOf(body string) (v lex.Value) {
	for i := range len(body) {
		v = v.Shl(8).Or(lex.Uint(uint64(body[i])))
	}
	return v
}

// slotsByHeader finds the slot of a header without mask and length.
var slotsByHeader = func() map[uint32]slot {
	byHeader := make(map[uint32]slot, slotCount)
	for s := range slots {
		byHeader[slots[s].header] = slot(s)
	}
	return byHeader
}()
