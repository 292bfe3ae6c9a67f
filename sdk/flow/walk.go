package flow

import "iter"

// Fields lists the table of fields. The slice is the caller's.
func Fields() []*Field { return run(0, int(rowCount)) }

// Terms are the terms of a canonical match, in order.
func (m Match) Terms() iter.Seq[Term] {
	return func(yield func(Term) bool) {
		for rest := string(m); rest != ""; {
			t, err := headers.tlv(rest)
			if err != nil || !yield(Term{field: t.field, value: t.value, mask: t.mask}) {
				return
			}
			rest = rest[t.len():]
		}
	}
}

// Field is the field that the term is about.
func (t Term) Field() *Field { return t.field }

// Value is the value in network order, and the mask, which is "" for an exact match.
func (t Term) Value() (value, mask string) { return t.value, t.mask }

// Ref is something outside of the flow that its actions name. Whoever guards what owners may reach looks at these.
type Ref struct {
	Kind     RefKind
	ID       uint32   // of a group, meter or conjunction
	Table    TableID  // of a learned flow
	Priority Priority // the same
	Cookie   Cookie   // the same
}

// RefKind is what a Ref is.
type RefKind uint8

// The kinds of Ref.
const (
	RefGroup RefKind = iota
	RefMeter
	RefConjunction
	RefLearned // flows that a learn action makes
	RefTimeout // an end of the flow's own: fin_timeout
)

// Refs are what canonical actions name, nested ones included, in order.
func (a Actions) Refs() iter.Seq[Ref] {
	return func(yield func(Ref) bool) {
		a.eachAction(func(kind actionKind, wire string) bool {
			r, ok := refOf(kind, wire)
			return !ok || yield(r)
		})
	}
}

func refOf(kind actionKind, a string) (Ref, bool) {
	switch kind {
	case kindGroup:
		return Ref{Kind: RefGroup, ID: be32(a, 4)}, true
	case kindMeter:
		return Ref{Kind: RefMeter, ID: be32(a, 4)}, true
	case kindController2:
		c := readController2(a)
		return Ref{Kind: RefMeter, ID: c.meter}, c.meter != 0
	case kindConjunction:
		return Ref{Kind: RefConjunction, ID: conjOf(a).ID}, true
	case kindLearn, kindLearn2:
		return Ref{Kind: RefLearned, Table: TableID(a[26]), Priority: Priority(be16(a, 14)), Cookie: Cookie(be64(a, 16))}, true
	case kindFinTimeout:
		return Ref{Kind: RefTimeout}, true
	}
	return Ref{}, false
}

// eachAction calls f for every action, nested ones behind those around them, until it returns false.
func (a Actions) eachAction(f func(kind actionKind, wire string) bool) {
	list, err := splitInstructions(string(a))
	if err != nil {
		return
	}
	for _, at := range list {
		s := string(a[at[0]:at[1]])
		if s == "" {
			continue
		}
		if kind := be16(s, 0); kind == instructionApply || kind == instructionWrite {
			if !eachIn(s[8:], f) {
				return
			}
		}
	}
}

func eachIn(list string, f func(kind actionKind, wire string) bool) bool {
	for list != "" {
		a, rest, err := nextAction(list)
		if err != nil {
			return false
		}
		kind := kindOf(a)
		if !f(kind, a) || !eachIn(nested(kind, a), f) {
			return false
		}
		list = rest
	}
	return true
}

// nested is the list of actions in an action.
func nested(kind actionKind, a string) string {
	switch kind {
	case kindCT:
		return a[24:]
	case kindClone:
		return a[16:]
	}
	return ""
}
