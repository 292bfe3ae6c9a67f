package flow

import "fmt"

// ActionKinds are all kinds of actions that Open vSwitch reports, each with its place on the wire, since several share a name.
// Kinds that are always folded to another are not among them.
func ActionKinds() []string {
	folded := map[actionKind]bool{
		kindRegLoad: true, kindRegLoad2: true, kindRegMove: true, kindSetTunnel: true, kindSetTunnel64: true,
		kindNXDecTTL: true, kindResubmit: true,
	}
	var list []string
	for k := kindUnknown + 1; k < kindCount; k++ {
		if !folded[k] {
			list = append(list, k.place())
		}
	}
	return list
}

// ActionKindsOf are the kinds of the actions of a list, nested ones included.
func ActionKindsOf(a Actions) []string {
	var list []string
	a.eachAction(func(kind actionKind, _ string) bool {
		list = append(list, kind.place())
		return true
	})
	return list
}

func (k actionKind) place() string {
	for t, kind := range standardKinds {
		if kind == k {
			return fmt.Sprintf("%s (%d)", k, t)
		}
	}
	for t, kind := range niciraKinds {
		if kind == k {
			return fmt.Sprintf("%s (NX %d)", k, t)
		}
	}
	return k.String()
}

// IsView says whether a match folds the field to others.
func IsView(f *Field) bool { return f.isView() }

// Size is the bytes of a value of the field on the wire.
func Size(f *Field) int { return f.size }

// IsVariable says whether values of the field may be shorter.
func IsVariable(f *Field) bool { return f.flags&variable != 0 }
