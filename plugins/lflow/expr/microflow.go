package expr

import (
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// ParseMicroflow reads the description of a packet: an expression that one kind of packet only can meet, such as
// `ip4 && tcp.src == 80` (ovn-trace(8)). What it does not speak of is 0.
//
// The error is a *lex.Error: the expression is wrong, or contradicts itself, or leaves a choice. It need not be a real choice:
// a set of one address too many is one.
func ParseMicroflow(text string, env *Env, d *dialect.Dialect, port func(name string) (number uint32, ok bool)) (*Packet, error) {
	e, err := Parse(text, env)
	if err != nil {
		return nil, err
	}
	if err := e.Annotate(env.Symtab); err != nil {
		return nil, err
	}
	annotated := e.String()
	e.Simplify(d.Negation)
	e.EvaluateConditions(func(string) bool { return true })
	if err := e.Normalize(d, 0); err != nil {
		return nil, err
	}
	if value, ok := e.Bool(); ok && !value {
		return nil, textError("Constraints are contradictory.")
	}
	p := new(Packet)
	if !e.fill(p, e.root, port) {
		return nil, textError("Constraints are ambiguous: %s.", annotated)
	}
	return p, nil
}

// fill makes a packet meet a normalized tree; false when there is more than one way.
func (e *Expr) fill(p *Packet, id nodeID, port func(name string) (number uint32, ok bool)) bool {
	switch n := &e.nodes[id]; n.kind {
	case kindOr:
		return false
	case kindAnd:
		for c := n.first; c != 0; c = e.nodes[c].next {
			if !e.fill(p, c, port) {
				return false
			}
		}
	case kindCmp:
		value := n.value
		if n.symbol.IsString() {
			number, _ := lookup(port, e.strings[n.value.Lo])
			value = lex.Uint(uint64(number))
		}
		p.put(n.symbol.view, value)
	}
	return true
}
