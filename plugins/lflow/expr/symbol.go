package expr

import (
	"strconv"
	"sync"

	"github.com/flowhost/flowhost/sdk/flow"
)

// Symbol is a name that a logical flow may use: a field, a part of one, a string field such as inport, or a predicate. It
// belongs to one Symtab.
type Symbol struct {
	Name string
	// Width is the number of bits, 1 for a predicate and 0 for a field whose values are strings.
	Width int
	Level Level
	// Field is the OpenFlow field of a symbol that is neither a part of another one, nor a predicate, nor Pseudo, and OXM its
	// name on the wire.
	Field *flow.Field
	OXM   string
	// Parent and ParentOffset are set for a part of another symbol: which, and from which bit of it on.
	Parent       *Symbol
	ParentOffset int
	// Predicate is the expression that a predicate stands for, "" for everything else.
	Predicate string
	// Prereqs is the expression that must hold wherever the symbol is used, "" for none.
	Prereqs string
	// CrossProduct says that alternatives for the field never become clauses of a conjunction: other fields of the same match
	// need it as a prerequisite in each flow.
	CrossProduct bool
	// Write says in which places actions may write the symbol.
	Write Scope
	// Pseudo fields are no part of a packet, and only actions know what to do with them (icmp4.frag_mtu).
	Pseudo bool

	once      sync.Once
	expansion expansion
	view      view
}

// Level is what may be asked of a symbol.
type Level uint8

const (
	Nominal Level = iota // equality only, and it may not be negated
	Boolean              // true or false
	Ordinal              // any comparison, of any bits
)

func (l Level) String() string { return [...]string{"nominal", "Boolean", "ordinal"}[l] }

// Scope is a set of places in which actions may write a field.
type Scope uint8

const (
	WriteDefault  Scope = 1 << iota // where nothing else is said
	WriteCTCommit                   // inside ct_commit { … }
)

// IsString says whether the values of the symbol are strings.
func (s *Symbol) IsString() bool { return s.Width == 0 }

// Definition is the symbol and what it stands for, such as "reg0 = xxreg0[96..127]" or "ip4 = eth.type == 0x800" (`ovn-trace`'s
// and the test suite's form).
func (s *Symbol) Definition() string {
	text := s.Name + " = "
	switch {
	case s.Parent != nil:
		return text + Field{s.Parent, s.ParentOffset, s.Width}.String()
	case s.Predicate != "":
		return text + s.Predicate
	case s.Pseudo:
		return text + s.Name
	}
	return text + s.OXM
}

// Field is a symbol, or some of its bits.
type Field struct {
	Symbol *Symbol
	Offset int // the lowest bit
	Bits   int // how many; 0 for a string
}

// String is the field as it is written: "tcp.src", "reg0[3]", "reg0[4..7]".
func (f Field) String() string { return string(f.Append(nil)) }

// Append appends the field as String has it.
func (f Field) Append(b []byte) []byte {
	b = append(b, f.Symbol.Name...)
	if f.Offset != 0 || f.Bits != f.Symbol.Width {
		b = appendBits(b, f.Offset, f.Bits)
	}
	return b
}

// appendBits appends "[4..7]", or "[4]" for one bit.
func appendBits(b []byte, offset, bits int) []byte {
	b = strconv.AppendInt(append(b, '['), int64(offset), 10)
	if bits != 1 {
		b = strconv.AppendInt(append(b, ".."...), int64(offset+bits-1), 10)
	}
	return append(b, ']')
}

// Check says whether the field has the given number of bits (0: is a string) and, if write is not 0, whether actions may write it
// in one of these places. The error has OVN's words.
func (f Field) Check(bits int, write Scope) error {
	switch {
	case bits == f.Bits:
	case bits == 0:
		return textError("Cannot use numeric field %s where string field is required.", f.Symbol.Name)
	case f.Bits == 0:
		return textError("Cannot use string field %s where numeric field is required.", f.Symbol.Name)
	default:
		return textError("Cannot use %d-bit field %s[%d..%d] where %d-bit field is required.",
			f.Bits, f.Symbol.Name, f.Offset, f.Offset+f.Bits-1, bits)
	}
	if write != 0 && f.Symbol.Write&write == 0 {
		return textError("Field %s is not modifiable.", f.Symbol.Name)
	}
	return nil
}

// Subfield is bits of an OpenFlow field.
type Subfield struct {
	Field  *flow.Field // nil for a pseudo field
	Offset int         // the lowest bit
	Bits   int
}

// Resolve is where the field is in OpenFlow. A string field is all of its OpenFlow field.
func (f Field) Resolve() Subfield {
	s, offset := f.Symbol, f.Offset
	for s.Parent != nil {
		s, offset = s.Parent, offset+s.ParentOffset
	}
	bits := f.Bits
	if s.IsString() {
		bits = s.Field.Bits()
	}
	return Subfield{s.Field, offset, bits}
}
