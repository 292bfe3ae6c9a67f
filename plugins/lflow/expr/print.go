package expr

import (
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// String is the expression as text that means the same when it is parsed, in OVN's form; "" for none.
func (e *Expr) String() string { return string(e.Append(nil)) }

// Append appends the expression as String has it.
func (e *Expr) Append(b []byte) []byte {
	if e.root == 0 {
		return b
	}
	return e.append(b, e.root)
}

func (e *Expr) append(b []byte, id nodeID) []byte {
	switch n := &e.nodes[id]; n.kind {
	case kindAnd:
		return e.appendBranch(b, n, " && ")
	case kindOr:
		return e.appendBranch(b, n, " || ")
	case kindBoolean:
		if n.not {
			return append(b, '0')
		}
		return append(b, '1')
	case kindCondition:
		if n.not {
			b = append(b, '!')
		}
		b = lex.AppendQuoted(append(b, "is_chassis_resident("...), e.strings[n.value.Lo])
		return append(b, ')')
	default:
		return e.appendComparison(b, n)
	}
}

func (e *Expr) appendBranch(b []byte, n *node, operator string) []byte {
	for c := n.first; c != 0; c = e.nodes[c].next {
		if c != n.first {
			b = append(b, operator...)
		}
		if e.nodes[c].branch() {
			b = append(e.append(append(b, '('), c), ')')
		} else {
			b = e.append(b, c)
		}
	}
	return b
}

// appendComparison appends a comparison: of bits in a row without a mask, and of one bit as "bit" or "!bit".
func (e *Expr) appendComparison(b []byte, n *node) []byte {
	s := n.symbol
	if s.IsString() {
		b = append(append(b, s.Name...), ' ')
		b = append(append(b, n.op.String()...), ' ')
		return lex.AppendQuoted(b, e.strings[n.value.Lo])
	}
	start, bits := contiguous(n.mask)
	if bits == 1 && (n.op == EQ || n.op == NE) {
		if n.value.Bit(start) == (n.op == NE) {
			b = append(b, '!')
		}
		b = append(b, s.Name...)
		if s.Width > 1 {
			b = appendBits(b, start, 1)
		}
		return b
	}
	b = append(b, s.Name...)
	if bits > 0 && bits < s.Width {
		b = appendBits(b, start, bits)
	}
	b = append(append(append(b, ' '), n.op.String()...), ' ')
	if bits > 0 {
		return lex.AppendHex(b, n.value.Shr(start))
	}
	b = append(lex.AppendHex(b, n.value), '/')
	return lex.AppendHex(b, n.mask)
}

// contiguous is where the one bits of a mask are, if they are all in a row: the lowest, and how many. Otherwise both are 0.
func contiguous(mask lex.Value) (start, bits int) {
	if mask.IsZero() {
		return 0, 0
	}
	start, bits = mask.TrailingZeros(), mask.OnesCount()
	if mask != lex.Ones(bits).Shl(start) {
		return 0, 0
	}
	return start, bits
}
