package flow

import (
	"errors"
	"fmt"
)

// Action is one action, as the builders make it. What is wrong with it comes out as the error of NewActions.
type Action struct {
	wire string // OpenFlow 1.5 form
	err  error
}

// Action types of OpenFlow 1.5 (§7.2.6), and the experimenter whose actions Open vSwitch adds (ovs-actions(7)).
const (
	typeOutput       = 0
	typeSetField     = 25
	typeExperimenter = 0xffff

	subResubmit      = 1
	subResubmitTable = 14
	subConjunction   = 34
)

var (
	errConjunctionMixed = errors.New("cannot stand beside any other action")
	errNested           = fmt.Errorf("nested deeper than %d", maxDepth)
	errAlign            = errors.New("length is not a multiple of 8")
)

// maxDepth bounds nested action lists. Open vSwitch stops at 64 levels of translation, much earlier in what it accepts.
const maxDepth = 16

// nextAction splits the first action off a list.
func nextAction(s string) (a, rest string, err error) {
	if len(s) < 8 {
		return "", "", errTruncated
	}
	n := int(be16(s, 2))
	switch {
	case n < 8:
		return "", "", errLength
	case n > len(s):
		return "", "", errTruncated
	case n%8 != 0:
		return "", "", errAlign
	}
	return s[:n], s[n:], nil
}

// actions folds a list of actions that begins at offset of the input.
func (w *rewriter) actions(list string, offset int) error {
	if w.depth++; w.depth > maxDepth {
		return &Error{Kind: ErrActions, Offset: offset, Err: errNested}
	}
	defer func() { w.depth-- }()
	count, conjunctions := 0, 0
	for len(list) > 0 {
		a, rest, err := nextAction(list)
		if err != nil {
			return &Error{Kind: ErrActions, Offset: offset, Err: err}
		}
		kind := kindOf(a)
		if err := w.action(kind, a, offset); err != nil {
			return actionError(kind, offset, err)
		}
		if kind == kindConjunction {
			conjunctions++
		}
		count++
		list, offset = rest, offset+len(a)
	}
	if conjunctions > 0 && conjunctions != count {
		return &Error{Kind: ErrActions, What: "conjunction", Offset: offset, Err: errConjunctionMixed}
	}
	return nil
}

// actionError names the action, unless one nested in it was named already.
func actionError(kind actionKind, offset int, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Kind == ErrActions {
		return err
	}
	return &Error{Kind: ErrActions, What: kind.String(), Offset: offset, Err: err}
}

// appendActions appends a list of canonical actions as text.
func appendActions(b []byte, list string) []byte {
	for first := true; len(list) > 0; first = false {
		a, rest, err := nextAction(list)
		if err != nil {
			return append(b, "<bad actions>"...)
		}
		if !first {
			b = append(b, ',')
		}
		b = kindOf(a).append(b, a)
		list = rest
	}
	return b
}

// newNicira starts an action of Open vSwitch's own, of n bytes as a whole.
func newNicira(subtype, n int) []byte {
	b := appendUint(make([]byte, 0, n), typeExperimenter, 2)
	b = appendUint(b, uint64(n), 2)
	b = appendUint(b, experimenterNicira, 4)
	return appendUint(b, uint64(subtype), 2)
}
