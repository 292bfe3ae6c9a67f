package flow

// Note does nothing: it carries bytes that flow dumps show. Open vSwitch fills them with zeros up to 6 more than a multiple
// of 8.
func Note(b []byte) Action {
	return finished(append(newNicira(subNote, 10+len(b)), b...))
}

// note takes NXAST_NOTE: bytes.
func (w *rewriter) note(a string) error {
	w.text(a)
	return nil
}

func appendNote(b []byte, a string) []byte { return appendDotted(append(b, "note:"...), a[10:]) }

func parseNote(arg argument) (Action, error) {
	b, err := parseDotted(arg.value)
	return Note(b), err
}
