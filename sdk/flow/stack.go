package flow

// Push puts bits of a field onto the stack.
func Push(p Part) Action { return stackAction(subPush, p, p.check()) }

// Pop takes the top of the stack into bits of a field.
func Pop(p Part) Action { return stackAction(subPop, p, p.checkWritable()) }

func stackAction(subtype int, p Part, err error) Action {
	if err != nil {
		return Action{err: err}
	}
	b := appendUint(newNicira(subtype, 24), uint64(p.First), 2)
	b = appendID(b, p.Field, p.Field.oldest())
	return finished(appendUint(b, uint64(p.Bits), 2))
}

// stack takes NXAST_STACK_PUSH and NXAST_STACK_POP: offset(2) field(4 or 8) n_bits(2), padded.
func (w *rewriter) stack(a string) error {
	if err := fixed(a, 24); err != nil {
		return err
	}
	p, err := stackPart(a)
	if err != nil {
		return err
	}
	if be16(a, 8) == subPop {
		err = p.checkWritable()
	} else {
		err = p.check()
	}
	if err != nil {
		return err
	}
	start := w.pos()
	w.text(a[:12])
	w.id(p.Field, p.Field.oldest())
	w.uint(uint64(p.Bits), 2)
	w.finish(start)
	return nil
}

// stackPart is what an action of 24 bytes pushes or pops.
func stackPart(a string) (Part, error) {
	i, err := readID(a[12:])
	if err != nil {
		return Part{}, err
	}
	return i.field.Part(int(be16(a, 10)), int(be16(a, 12+i.size))), nil
}

func appendStack(b []byte, name, a string) []byte {
	p, _ := stackPart(a)
	return appendPart(append(append(b, name...), ':'), p)
}

func parseStack(arg argument, build func(Part) Action) (Action, error) {
	p, err := parsePart(arg.value)
	if err != nil {
		return Action{}, err
	}
	return build(p), nil
}
