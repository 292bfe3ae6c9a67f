package flow

// Class is what decides first between two flows that want the same key: the lower one wins (see the rule in the package
// that keeps the table).
type Class uint8

const (
	ClassActs        Class = iota // does something
	ClassDrops                    // has no actions
	ClassConjunction              // is a clause of conjunctive matches
)

// Class tells the class of canonical actions.
func (a Actions) Class() Class {
	switch {
	case a == "":
		return ClassDrops
	case len(a) >= 24 && be16(string(a), 0) == instructionApply && isConjunction(string(a[8:])):
		return ClassConjunction
	}
	return ClassActs
}

// isConjunction says whether the first action of a list is a conjunction: in a valid list all are, then.
func isConjunction(list string) bool {
	return kindOf(list) == kindConjunction
}

// Conjunctions are the clauses of actions of ClassConjunction, in order; nil of any others.
func (a Actions) Conjunctions() []Conj {
	if a.Class() != ClassConjunction {
		return nil
	}
	var list []Conj
	for rest := string(a[8:]); len(rest) >= 16 && isConjunction(rest); rest = rest[16:] {
		list = append(list, conjOf(rest))
	}
	return list
}
