package action

import (
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

func nestedStatements() []statementRow {
	rows := []statementRow{{"clone", parseClone, always}}
	for _, n := range []struct {
		packetOut
		in releases
	}{
		{packetOut{name: "arp", op: opARP, prereq: "ip4"}, in2303},
		{packetOut{name: "arp", op: opARP, prereq: "ip"}, in2603},
		{packetOut{name: "nd_ns", op: opNDNS, prereq: "ip6"}, in2303},
		{packetOut{name: "nd_ns", op: opNDNS, prereq: "ip"}, in2603},
		{packetOut{name: "nd_na", op: opNDNA, prereq: "nd_ns"}, always},
		{packetOut{name: "nd_na_router", op: opNDNARouter, prereq: "nd_ns"}, always},
		{packetOut{name: "icmp4", op: opICMP, prereq: "ip4"}, always},
		{packetOut{name: "icmp4_error", op: opICMP4Error, prereq: "ip4"}, always},
		{packetOut{name: "icmp6", op: opICMP, prereq: "ip6"}, always},
		{packetOut{name: "icmp6_error", op: opICMP6Error, prereq: "ip6"}, always},
		{packetOut{name: "tcp_reset", op: opTCPReset, prereq: "tcp"}, always},
		{packetOut{name: "sctp_abort", op: opSCTPAbort, prereq: "sctp"}, always},
		{packetOut{name: "reject", op: opReject}, always},
	} {
		rows = append(rows, statementRow{n.name, n.packetOut.parse, n.in})
	}
	return rows
}

// nested reads actions in braces. What they need is the second result, good until the next call at the same depth.
func (p *parser) nested(scope expr.Scope) ([]action, *expr.Expr) {
	needs := p.needsOfNested()
	if !p.ForceMatch(lex.LCurly) {
		return nil, needs
	}
	if p.depth+1 == maxDepth {
		p.Errorf("maximum depth of nested actions reached")
		return nil, needs
	}
	inner := parser{Lexer: p.Lexer, env: p.env, place: p.place, prereqs: needs, nestedPrereqs: p.nestedPrereqs,
		scope: scope, depth: p.depth + 1}
	inner.list(lex.RCurly)
	return inner.actions, needs
}

// needsOfNested is an empty expression for a list that is nested in this one. Expressions are large, so they are used again.
func (p *parser) needsOfNested() *expr.Expr {
	memory := p.nestedPrereqs
	if len(*memory) == p.depth {
		*memory = append(*memory, new(expr.Expr))
	}
	needs := (*memory)[p.depth]
	needs.Reset()
	return needs
}

func appendNested(b []byte, name string, list []action) []byte {
	b = append(append(b, name...), " { "...)
	return append(appendActions(b, list), " };"...)
}

// clone does actions on a copy of the packet.
type clone struct{ actions []action }

func parseClone(p *parser) action {
	list, needs := p.nested(expr.WriteDefault)
	p.inFront(needs)
	return &clone{list}
}

// inFront adds prerequisites in front of those that are there, as OVN does for nested actions.
func (p *parser) inFront(needs *expr.Expr) {
	needs.And(p.prereqs)
	p.prereqs.Reset()
	p.prereqs.And(needs)
}

func (a *clone) append(b []byte) []byte { return appendNested(b, "clone", a.actions) }

func (a *clone) encode(e *encoder) {
	start := e.begin(subClone)
	e.zero(6)
	for _, a := range a.actions {
		a.encode(e)
	}
	e.end(start)
}

// packetOut makes a controller answer a packet with another one, on which the nested actions are done.
type packetOut struct {
	name    string
	op      opcode
	prereq  string // "": what the nested actions need
	actions []action
}

func (a packetOut) parse(p *parser) action {
	list, needs := p.nested(p.scope)
	a.actions = list
	if a.prereq == "" {
		p.inFront(needs)
	} else {
		p.need(a.prereq) // the nested actions see another packet
	}
	return &a
}

func (a *packetOut) append(b []byte) []byte { return appendNested(b, a.name, a.actions) }

func (a *packetOut) encode(e *encoder) {
	c := e.beginController(a.op)
	for _, a := range a.actions {
		a.encode(e)
	}
	pause := e.dialect.Actions.HoldResolved && (a.op == opARP || a.op == opNDNS)
	e.endController(c, pause, e.ControllerMeter)
}
