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

// Action types of OpenFlow 1.5 (§7.2.6) that Open vSwitch has.
const (
	typeOutput       = 0
	typeSetMPLSTTL   = 15
	typeDecMPLSTTL   = 16
	typePushVLAN     = 17
	typePopVLAN      = 18
	typePushMPLS     = 19
	typePopMPLS      = 20
	typeSetQueue     = 21
	typeGroup        = 22
	typeSetTTL       = 23
	typeDecTTL       = 24
	typeSetField     = 25
	typeCopyField    = 28
	typeMeter        = 29
	typeExperimenter = 0xffff
)

// Subtypes of the actions that Open vSwitch adds (ovs-actions(7)). Their experimenter is Nicira.
const (
	subResubmit       = 1
	subSetTunnel      = 2
	subPopQueue       = 5
	subRegMove        = 6
	subRegLoad        = 7
	subNote           = 8
	subSetTunnel64    = 9
	subMultipath      = 10
	subBundle         = 12
	subBundleLoad     = 13
	subResubmitTable  = 14
	subOutputReg      = 15
	subLearn          = 16
	subExit           = 17
	subDecTTL         = 18
	subFinTimeout     = 19
	subController     = 20
	subDecTTLIDs      = 21
	subPush           = 27
	subPop            = 28
	subSample         = 29
	subOutputReg2     = 32
	subRegLoad2       = 33
	subConjunction    = 34
	subCT             = 35
	subNAT            = 36
	subController2    = 37
	subSample2        = 38
	subOutputTrunc    = 39
	subSample3        = 41
	subClone          = 42
	subCTClear        = 43
	subResubmitCT     = 44
	subLearn2         = 45
	subEncap          = 46
	subDecap          = 47
	subDecNSHTTL      = 48
	subCheckPktLarger = 49
	subDeleteField    = 50
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
	w.depth--
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
	b := appendUint(make([]byte, 0, n), typeExperimenter<<48|uint64(n)<<32|experimenterNicira, 8)
	return appendUint(b, uint64(subtype), 2)
}

// finished pads what the builders wrote to a multiple of 8 bytes and enters the length.
func finished(b []byte) Action {
	b = append(b, zeroPad[:pad8(len(b))-len(b)]...)
	if len(b) > maxActions {
		return Action{wire: string(b[:8]), err: errTooLong}
	}
	b[2], b[3] = byte(len(b)>>8), byte(len(b))
	return Action{wire: string(b)}
}

// nicira writes the front of an action of Open vSwitch's own, of n bytes as a whole.
func (w *rewriter) nicira(subtype, n int) {
	w.uint(typeExperimenter<<48|uint64(n)<<32|experimenterNicira, 8)
	w.uint(uint64(subtype), 2)
}

// finish pads what was written since start, an action, to a multiple of 8 bytes and enters its length.
func (w *rewriter) finish(start int) {
	n := w.pos() - start
	w.zeros(pad8(n) - n)
	w.length16(start+2, pad8(n))
}

// fixed checks the length of an action that has one only.
func fixed(a string, n int) error {
	if len(a) != n {
		return errLength
	}
	return nil
}

// maxActions is the most bytes that the length of an action, an instruction or a list of them can say.
const maxActions = 65528
