package expr

import (
	"fmt"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Match is one OpenFlow match that an expression became.
type Match struct {
	flow.Match
	// Conjunctions are the actions of the flow with this match, in the order in which they came up: the match is an alternative
	// in a clause of each. Where there are none, the flow has the actions of the logical flow.
	Conjunctions []flow.Conj
	// Address is the address set's address that the match is there for; nil unless it is there for one and for nothing else.
	Address *Address

	asked *asked
}

// Address is an address of an address set.
type Address struct {
	Set         string
	Value, Mask lex.Value // as the comparison has them: in the bits of the field
}

// asked is what was asked for, where the match that is sent is less than that (dialect.LoseUnsendable).
type asked struct {
	match flow.Match
	// tci is the VLAN tag, if its mask is not 0. In its place the match has any tag, with a priority of 0.
	tci tci
}

// MatchOptions is what the matches of an expression depend on beside it.
type MatchOptions struct {
	// Port is the number of a logical port; ok is false when there is none of that name, and nothing matches it then. A nil Port
	// knows no port.
	Port func(name string) (number uint32, ok bool)
	// Metadata is the tunnel key of the datapath, which each match is to match in OpenFlow's metadata; 0 for none.
	Metadata uint64
	// FirstConjunction is the first of the conjunction ids to use, 1 if it is 0. ConjunctionCount says how many there will be.
	FirstConjunction uint32
	// Limit is the most flows, DefaultLimit if it is 0.
	Limit int
}

// Matches makes the matches of a normalized expression: none when nothing can match. They share memory with each other, but not
// with e.
//
// The error is a *LimitError, or ErrNoMatch for what OpenFlow cannot say.
func (e *Expr) Matches(d *dialect.Dialect, o *MatchOptions) ([]Match, error) {
	if e.root == 0 {
		return nil, nil
	}
	limit := o.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	if n := e.flows(e.root); n > limit {
		return nil, &LimitError{Flows: float64(n), Limit: limit, Why: e.whySoMany()}
	}
	m := &e.scratch.matcher
	m.begin(e, d, o)
	m.disjuncts(e.root)
	return m.end()
}

// flows is how many matches a normalized tree becomes when none is there twice.
func (e *Expr) flows(id nodeID) (n int) {
	switch e.nodes[id].kind {
	case kindBoolean:
		if e.nodes[id].not {
			return 0
		}
		return 1
	case kindOr:
		for c := e.nodes[id].first; c != 0; c = e.nodes[c].next {
			n += e.flows(c)
		}
		return n
	case kindAnd:
		clauses := 0
		for c := e.nodes[id].first; c != 0; c = e.nodes[c].next {
			if e.nodes[c].kind == kindOr {
				clauses++
				n += e.length(c)
			}
		}
		if clauses == 1 {
			return n
		}
		return n + 1
	}
	return 1
}

// whySoMany names what a normalized expression has most of.
func (e *Expr) whySoMany() string {
	terms, longest := 1, nodeID(0)
	consider := func(and nodeID) {
		for c := e.nodes[and].first; c != 0; c = e.nodes[c].next {
			if e.nodes[c].kind == kindOr && (longest == 0 || e.length(c) > e.length(longest)) {
				longest = c
			}
		}
	}
	switch {
	case e.nodes[e.root].kind != kindOr:
		consider(e.root)
	case e.unique(e.root) != nil:
		longest = e.root
	default:
		terms = e.length(e.root)
		for c := e.nodes[e.root].first; c != 0; c = e.nodes[c].next {
			consider(c)
		}
	}
	switch {
	case longest == 0:
		return fmt.Sprintf("%d terms remain after multiplying out", terms)
	case terms == 1:
		return fmt.Sprintf("%d alternatives of %s", e.length(longest), e.unique(longest).Name)
	}
	return fmt.Sprintf("up to %d alternatives of %s in each of %d terms", e.length(longest), e.unique(longest).Name, terms)
}

// ConjunctionCount is how many conjunction ids Matches will use.
func (e *Expr) ConjunctionCount(port func(name string) (number uint32, ok bool)) int {
	if e.root == 0 {
		return 0
	}
	n := &e.nodes[e.root]
	if n.kind != kindOr {
		return e.conjunctions(e.root, port)
	}
	count := 0
	for c := n.first; c != 0; c = e.nodes[c].next {
		count += e.conjunctions(c, port)
	}
	return count
}

// conjunctions is 1 for an and of several ors whose ports, outside of them, are all known.
func (e *Expr) conjunctions(id nodeID, port func(name string) (number uint32, ok bool)) int {
	if e.nodes[id].kind != kindAnd {
		return 0
	}
	clauses := 0
	for c := e.nodes[id].first; c != 0; c = e.nodes[c].next {
		switch n := &e.nodes[c]; {
		case n.kind == kindOr:
			clauses++
		case n.symbol.IsString():
			if _, ok := lookup(port, e.strings[n.value.Lo]); !ok {
				return 0
			}
		}
	}
	if clauses < 2 {
		return 0
	}
	return 1
}

func lookup(port func(name string) (uint32, bool), name string) (uint32, bool) {
	if port == nil {
		return 0, false
	}
	return port(name)
}
