package flow

import (
	"errors"
	"strconv"
	"strings"
)

// Conj is one conjunction action: the flow is one clause of a conjunctive match (ovs-fields(7), conj_id).
type Conj struct {
	ID      uint32 // what conj_id is when all clauses match
	Clause  uint8  // which clause, from 0 as on the wire; text counts from 1
	Clauses uint8  // how many clauses there are, 2 to 64
}

var errClause = errors.New("clause must be below the number of clauses, which is 2 to 64")

// Conjunction makes the flow one clause of a conjunctive match.
func Conjunction(c Conj) Action { return Action{wire: string(c.append(nil))} }

// NewConjunctions makes the actions of a flow that is these clauses, in this order.
func NewConjunctions(list []Conj) (Actions, error) {
	actions := make([]Action, len(list))
	for i, c := range list {
		actions[i] = Conjunction(c)
	}
	return NewActions(actions...)
}

func (c Conj) append(b []byte) []byte {
	b = append(b, newNicira(subConjunction, 16)...)
	b = append(b, c.Clause, c.Clauses)
	return appendUint(b, uint64(c.ID), 4)
}

// conjunction takes NXAST_CONJUNCTION: clause(1) n_clauses(1) id(4).
func (w *rewriter) conjunction(a string) error {
	if len(a) != 16 {
		return errLength
	}
	if c := conjOf(a); c.Clauses < 2 || c.Clauses > 64 || c.Clause >= c.Clauses {
		return errClause
	}
	w.text(a)
	return nil
}

func conjOf(a string) Conj { return Conj{Clause: a[10], Clauses: a[11], ID: be32(a, 12)} }

func appendConjunction(b []byte, a string) []byte {
	c := conjOf(a)
	b = strconv.AppendUint(append(b, "conjunction("...), uint64(c.ID), 10)
	b = strconv.AppendUint(append(b, ','), uint64(c.Clause)+1, 10)
	b = strconv.AppendUint(append(b, '/'), uint64(c.Clauses), 10)
	return append(b, ')')
}

// parseConjunction reads "(id,clause/clauses)", with the clause counted from 1.
func parseConjunction(arg argument) (Action, error) {
	id, clauses, ok := strings.Cut(arg.value, ",")
	k, n, ok2 := strings.Cut(clauses, "/")
	if !ok || !ok2 {
		return Action{}, errClause
	}
	i, err1 := parseUint(id, 32)
	clause, err2 := parseUint(strings.TrimSpace(k), 8)
	of, err3 := parseUint(strings.TrimSpace(n), 8)
	if clause == 0 {
		return Action{}, errClause
	}
	return Conjunction(Conj{ID: uint32(i), Clause: uint8(clause - 1), Clauses: uint8(of)}), errors.Join(err1, err2, err3)
}
