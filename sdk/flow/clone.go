package flow

// Clone does the actions on a copy of the packet: what they change is not seen behind.
func Clone(actions ...Action) Action {
	b := appendUint(newNicira(subClone, 16), 0, 6)
	for _, a := range actions {
		if a.err != nil {
			return a
		}
		b = append(b, a.wire...)
	}
	return finished(b)
}

// clone takes NXAST_CLONE: pad(6), then actions.
func (w *rewriter) clone(a string, offset int) error {
	start := w.pos()
	w.nicira(subClone, w.lengthAt(start))
	w.zeros(6)
	if err := w.actions(a[16:], offset+16); err != nil {
		return err
	}
	w.finish(start)
	return nil
}

func appendClone(b []byte, a string) []byte {
	return append(appendActions(append(b, "clone("...), a[16:]), ')')
}

func parseClone(arg argument) (Action, error) {
	actions, err := parseActionList(arg.value, arg.inside())
	return Clone(actions...), err
}
