package action

import (
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// List is the actions of one logical flow. The zero List is empty: it drops.
type List struct {
	env     *Env
	place   Place
	actions []action
	prereqs expr.Expr

	// Memory that is used again.
	lexer         lex.Lexer
	encoder       encoder
	nestedPrereqs []*expr.Expr
}

// action is one logical action.
type action interface {
	// append appends the action as text, as OVN writes it.
	append(b []byte) []byte
	// encode appends it in OpenFlow.
	encode(e *encoder)
}

// Prereqs is what must hold of packets for the actions to make sense, empty for nothing. It belongs to the list.
func (l *List) Prereqs() *expr.Expr { return &l.prereqs }

// Empty says whether there are no actions, so that packets are dropped.
func (l *List) Empty() bool { return len(l.actions) == 0 }

// String is the list as text that means the same when it is parsed, in OVN's form.
func (l *List) String() string { return string(l.Append(nil)) }

// Append appends the list as String has it.
func (l *List) Append(b []byte) []byte { return appendActions(b, l.actions) }

func appendActions(b []byte, list []action) []byte {
	if len(list) == 0 {
		return append(b, "drop;"...)
	}
	for i, a := range list {
		if i > 0 {
			b = append(b, ' ')
		}
		b = a.append(b)
	}
	return b
}
