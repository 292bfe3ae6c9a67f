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
	ID       uint32   // of a group, meter, conjunction or controller
	Table    TableID  // of a learned flow; that the packet goes on to
	Priority Priority // of a learned flow
	Cookie   Cookie   // the same
	UserData string   // for a controller
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
	RefController
	RefTable // where the packet goes on; 255: the table it is in. An output that a register decides may go to table 0
)

// Refs are what canonical actions name, nested ones included, in order.
func (a Actions) Refs() iter.Seq[Ref] {
	return func(yield func(Ref) bool) {
		a.eachAction(func(kind actionKind, wire string) bool { return refsOf(kind, wire, yield) })
	}
}

// refsOf yields what one action names, but for the actions in it.
func refsOf(kind actionKind, a string, yield func(Ref) bool) bool {
	switch kind {
	case kindGroup:
		return yield(Ref{Kind: RefGroup, ID: be32(a, 4)})
	case kindMeter:
		return yield(Ref{Kind: RefMeter, ID: be32(a, 4)})
	case kindController:
		return yield(Ref{Kind: RefController, ID: uint32(be16(a, 12))})
	case kindController2:
		c := readController2(a)
		return yield(Ref{Kind: RefController, ID: uint32(c.id), UserData: c.userData}) &&
			(c.meter == 0 || yield(Ref{Kind: RefMeter, ID: c.meter}))
	case kindConjunction:
		return yield(Ref{Kind: RefConjunction, ID: conjOf(a).ID})
	case kindLearn, kindLearn2:
		return yield(Ref{Kind: RefLearned, Table: TableID(a[26]), Priority: Priority(be16(a, 14)), Cookie: Cookie(be64(a, 16))})
	case kindFinTimeout:
		return yield(Ref{Kind: RefTimeout})
	case kindOutput:
		return outputRef(Port(be32(a, 4)), yield)
	case kindOutputReg, kindOutputReg2:
		return yield(Ref{Kind: RefTable})
	case kindResubmitTable, kindResubmitCT:
		return yield(Ref{Kind: RefTable, Table: TableID(a[12])})
	case kindCT:
		return a[18] == 255 || yield(Ref{Kind: RefTable, Table: TableID(a[18])})
	}
	return true
}

func outputRef(p Port, yield func(Ref) bool) bool {
	switch p {
	case PortController:
		return yield(Ref{Kind: RefController})
	case PortTable:
		return yield(Ref{Kind: RefTable})
	}
	return true
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
