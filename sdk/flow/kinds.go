package flow

// actionKind is one kind of action on the wire. This file is the table of actions: a kind for each, its name, how it is
// recognised, who checks and folds it, who prints it. Each family has a file of its own.
//
// The dispatch is by switch, and not through an interface or a table of functions, so that the rewriter stays on the
// stack: checking canonical actions does not allocate.
type actionKind uint8

const (
	kindUnknown actionKind = iota
	kindOutput
	kindSetField
	kindResubmit
	kindResubmitTable
	kindConjunction
	kindCount
)

var kindNames = [kindCount]string{
	kindUnknown:       "unknown",
	kindOutput:        "output",
	kindSetField:      "set_field",
	kindResubmit:      "resubmit",
	kindResubmitTable: "resubmit",
	kindConjunction:   "conjunction",
}

// String is what ovs-ofctl calls the action.
func (k actionKind) String() string { return kindNames[k] }

// kindOf recognises an action of at least 8 bytes.
func kindOf(a string) actionKind {
	switch be16(a, 0) {
	case typeOutput:
		return kindOutput
	case typeSetField:
		return kindSetField
	case typeExperimenter:
		if be32(a, 4) == experimenterNicira && len(a) >= 16 {
			return niciraKind(be16(a, 8))
		}
	}
	return kindUnknown
}

func niciraKind(subtype uint16) actionKind {
	switch subtype {
	case subResubmit:
		return kindResubmit
	case subResubmitTable:
		return kindResubmitTable
	case subConjunction:
		return kindConjunction
	}
	return kindUnknown
}

// action checks a, which begins at offset of the input, and writes its canonical form.
func (w *rewriter) action(kind actionKind, a string, offset int) error {
	switch kind {
	case kindOutput:
		return w.output(a)
	case kindSetField:
		return w.setFieldAction(a)
	case kindResubmit:
		return w.resubmit(a)
	case kindResubmitTable:
		return w.resubmitTable(a)
	case kindConjunction:
		return w.conjunction(a)
	}
	w.text(a) // well formed, of a kind unknown here
	return nil
}

// append appends a, which is canonical, as text.
func (k actionKind) append(b []byte, a string) []byte {
	switch k {
	case kindOutput:
		return appendOutput(b, a)
	case kindSetField:
		return appendSetField(b, a)
	case kindResubmit:
		return appendResubmit(b, a)
	case kindResubmitTable:
		return appendResubmitTable(b, a)
	case kindConjunction:
		return appendConjunction(b, a)
	}
	return append(appendLongHex(append(b, "unknown("...), a), ')')
}
