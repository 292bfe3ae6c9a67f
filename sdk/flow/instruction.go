package flow

import "errors"

// Instruction types (OpenFlow 1.5 §7.2.4), and the order in which Open vSwitch lists them.
const (
	instructionGoto     = 1
	instructionMetadata = 2
	instructionWrite    = 3
	instructionApply    = 4
	instructionClear    = 5
)

// instructionRank is the place of an instruction in a canonical list, 0 for what is unknown.
func instructionRank(kind uint16) int {
	switch kind {
	case instructionApply:
		return 1
	case instructionClear:
		return 2
	case instructionWrite:
		return 3
	case instructionMetadata:
		return 4
	case instructionGoto:
		return 5
	}
	return 0
}

const instructionRanks = 6

var errInstructionPadding = errors.New("length of an instruction is not a multiple of 8")

// Instruction is one instruction (OpenFlow 1.5 §7.2.4), as the functions below make it. What is wrong with it comes out as
// the error of NewInstructions.
type Instruction struct {
	wire string
	err  error
}

// ApplyActions does the actions at once, in order.
func ApplyActions(actions ...Action) Instruction { return actionList(instructionApply, actions) }

// WriteActions merges the actions into the action set, which is done when the pipeline ends.
func WriteActions(actions ...Action) Instruction { return actionList(instructionWrite, actions) }

// ClearActions empties the action set.
func ClearActions() Instruction {
	return Instruction{wire: string(appendUint(nil, instructionClear<<48|8<<32, 8))}
}

// WriteMetadata writes the bits of v where mask has ones into the metadata field.
func WriteMetadata(v, mask uint64) Instruction {
	b := appendUint(nil, instructionMetadata<<48|24<<32, 8)
	b = appendUint(b, v&mask, 8)
	return Instruction{wire: string(appendUint(b, mask, 8))}
}

// GotoTable goes on in a later table.
func GotoTable(t TableID) Instruction {
	return Instruction{wire: string(appendUint(nil, instructionGoto<<48|8<<32|uint64(t)<<24, 8))}
}

func actionList(kind int, actions []Action) Instruction {
	b := appendUint(nil, uint64(kind)<<48, 8)
	for _, a := range actions {
		if a.err != nil {
			return Instruction{err: &Error{Kind: ErrActions, What: actionName(a.wire), Offset: -1, Err: a.err}}
		}
		b = append(b, a.wire...)
	}
	if len(b) > 65535 {
		return Instruction{err: &Error{Kind: ErrActions, Offset: -1, Err: errTooLong}}
	}
	b[2], b[3] = byte(len(b)>>8), byte(len(b))
	return Instruction{wire: string(b)}
}

// NewActions makes canonical actions that are applied in the given order (one apply_actions instruction). None at all
// drop. The error is an *Error that Is ErrActions.
func NewActions(actions ...Action) (Actions, error) { return NewInstructions(ApplyActions(actions...)) }

// NewInstructions makes canonical actions of instructions in any order, of each kind at most one. The error is an *Error that
// Is ErrActions.
func NewInstructions(instructions ...Instruction) (Actions, error) {
	var b []byte
	for _, i := range instructions {
		if i.err != nil {
			return "", i.err
		}
		b = append(b, i.wire...)
	}
	return CanonicalActions(b)
}

func actionName(a string) string {
	if len(a) < 8 {
		return ""
	}
	return kindOf(a).String()
}

// CanonicalActions makes the canonical form of a list of OpenFlow 1.5 instructions as it is on the wire. It keeps nothing of
// instructions. The error is an *Error that Is ErrActions and names the action and the offset.
func CanonicalActions(instructions []byte) (Actions, error) {
	if len(instructions) > 65535 {
		return "", &Error{Kind: ErrActions, Offset: 65535, Err: errTooLong}
	}
	w := rewriter{in: string(instructions)}
	if err := w.instructions(); err != nil {
		return "", err
	}
	return Actions(w.result()), nil
}

// IsCanonical says whether the actions are in canonical form, and with that whether they are valid. It does not allocate
// when they are.
//
// Canonical means: instructions in the order apply, clear, write, metadata, goto, each once, none of them empty; each
// action in the form in which Open vSwitch reports it over OpenFlow 1.5; padding of zeros.
func (a Actions) IsCanonical() bool {
	if len(a) > 65535 {
		return false
	}
	w := rewriter{in: string(a), check: true}
	return w.instructions() == nil && !w.changed && w.n == len(w.in)
}

// instructionList is where each instruction of a list is: offset and end in it, by rank. Two zeros: it is not there.
type instructionList [instructionRanks][2]int

// split finds the instructions and checks their lengths.
func splitInstructions(s string) (instructionList, error) {
	var list instructionList
	for off := 0; off < len(s); {
		if len(s)-off < 8 {
			return list, &Error{Kind: ErrActions, Offset: off, Err: errTruncated}
		}
		rank, n := instructionRank(be16(s, off)), int(be16(s, off+2))
		var err error
		switch {
		case rank == 0:
			err = errUnknown
		case n < 8:
			err = errLength
		case n%8 != 0:
			err = errInstructionPadding
		case off+n > len(s):
			err = errTruncated
		case list[rank][1] != 0:
			err = errDuplicate
		}
		if err != nil {
			return list, &Error{Kind: ErrActions, What: instructionName(be16(s, off)), Offset: off, Err: err}
		}
		list[rank] = [2]int{off, off + n}
		off += n
	}
	return list, nil
}

func instructionName(kind uint16) string {
	switch kind {
	case instructionApply:
		return "apply_actions"
	case instructionClear:
		return "clear_actions"
	case instructionWrite:
		return "write_actions"
	case instructionMetadata:
		return "write_metadata"
	case instructionGoto:
		return "goto_table"
	}
	return "instruction"
}

// instructions folds the whole input.
func (w *rewriter) instructions() error {
	if n := len(w.in); n >= 16 && n%8 == 0 && be16(w.in, 0) == instructionApply && int(be16(w.in, 2)) == n {
		return w.instruction(w.in, 0) // nearly always
	}
	list, err := splitInstructions(w.in)
	if err != nil {
		return err
	}
	for _, at := range list {
		if at[1] == 0 {
			continue
		}
		if err := w.instruction(w.in[at[0]:at[1]], at[0]); err != nil {
			return err
		}
	}
	return nil
}

// instruction folds one instruction, s, which begins at offset of the input.
func (w *rewriter) instruction(s string, offset int) error {
	kind := be16(s, 0)
	switch kind {
	case instructionApply, instructionWrite:
		if len(s) == 8 {
			return nil // Open vSwitch leaves it out
		}
		start := w.pos()
		w.text(s[:4])
		w.zeros(4)
		if err := w.actions(s[8:], offset+8); err != nil {
			return err
		}
		w.length16(start+2, w.pos()-start)
		return nil
	case instructionMetadata:
		if len(s) != 24 {
			return &Error{Kind: ErrActions, What: instructionName(kind), Offset: offset, Err: errLength}
		}
		w.text(s[:4])
		w.zeros(4)
		w.uint(be64(s, 8)&be64(s, 16), 8)
		w.text(s[16:])
		return nil
	}
	if len(s) != 8 {
		return &Error{Kind: ErrActions, What: instructionName(kind), Offset: offset, Err: errLength}
	}
	if kind == instructionGoto {
		w.text(s[:5])
		w.zeros(3)
		return nil
	}
	w.text(s[:4])
	w.zeros(4)
	return nil
}
