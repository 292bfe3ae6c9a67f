package expr

import "github.com/flowhost/flowhost/plugins/lflow/lex"

// RelOp is a relational operator.
type RelOp uint8

const (
	EQ RelOp = iota
	NE
	LT
	LE
	GT
	GE
)

func (r RelOp) String() string { return [...]string{"==", "!=", "<", "<=", ">", ">="}[r] }

// relOps finds the operator that a token is.
func relOp(k lex.Kind) (RelOp, bool) {
	switch k {
	case lex.EQ:
		return EQ, true
	case lex.NE:
		return NE, true
	case lex.LT:
		return LT, true
	case lex.LE:
		return LE, true
	case lex.GT:
		return GT, true
	case lex.GE:
		return GE, true
	}
	return 0, false
}

// turned is the operator with its operands exchanged: a < b is b > a.
func (r RelOp) turned() RelOp { return [...]RelOp{EQ, NE, GT, GE, LT, LE}[r] }

// inverted is the operator that holds when r does not.
func (r RelOp) inverted() RelOp { return [...]RelOp{NE, EQ, GE, GT, LE, LT}[r] }

func (r RelOp) less() bool    { return r == LT || r == LE }
func (r RelOp) greater() bool { return r == GT || r == GE }

// holds says whether the operator holds of two values that compare as cmp says.
func (r RelOp) holds(cmp int) bool {
	return [...]bool{cmp == 0, cmp != 0, cmp < 0, cmp <= 0, cmp > 0, cmp >= 0}[r]
}
