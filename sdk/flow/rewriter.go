package flow

// rewriter writes the canonical form of what it reads. As long as both are the same it writes nothing, so that one
// function answers "is this canonical?" without an allocation and makes the canonical form of what is not.
type rewriter struct {
	in      string
	out     []byte
	n       int  // Invariant: while !changed, what would have been written is in[:n]
	changed bool // it differs from in: it is in out, unless check
	check   bool // nobody wants out
	depth   int  // nested action lists around; after an error it means nothing
	inCT    bool // in the actions of ct
}

// text writes s.
func (w *rewriter) text(s string) {
	if !w.changed {
		if end := w.n + len(s); end <= len(w.in) && w.in[w.n:end] == s {
			w.n = end
			return
		}
		w.diverge()
	}
	if !w.check {
		w.out = append(w.out, s...)
	}
}

// uint writes v as size big-endian bytes, at most 8.
func (w *rewriter) uint(v uint64, size int) {
	if !w.changed {
		if end := w.n + size; end <= len(w.in) && uintOf(w.in[w.n:end]) == v {
			w.n = end
			return
		}
		w.diverge()
	}
	if !w.check {
		w.out = appendUint(w.out, v, size)
	}
}

const zeroPad = "\x00\x00\x00\x00\x00\x00\x00\x00"

// zeros writes n zero bytes, at most 8.
func (w *rewriter) zeros(n int) { w.text(zeroPad[:n]) }

// pos is how much has been written.
func (w *rewriter) pos() int {
	if w.changed && !w.check {
		return len(w.out)
	}
	return w.n
}

// lengthAt is the length of the action at start as far as it is known: that of the input. finish corrects it.
func (w *rewriter) lengthAt(start int) int {
	if !w.changed && start+4 <= len(w.in) {
		return int(be16(w.in, start+2))
	}
	return 0
}

// length16 corrects a 16-bit length that was written at pos when only the input's was known.
func (w *rewriter) length16(pos, v int) {
	switch {
	case w.changed && w.check:
	case w.changed:
		w.out[pos], w.out[pos+1] = byte(v>>8), byte(v)
	case int(be16(w.in, pos)) != v:
		w.diverge()
		w.length16(pos, v)
	}
}

func (w *rewriter) diverge() {
	w.changed = true
	if !w.check {
		w.out = append(make([]byte, 0, len(w.in)+8), w.in[:w.n]...)
	}
}

// result is what was written.
func (w *rewriter) result() string {
	if w.changed {
		return string(w.out)
	}
	return w.in[:w.n]
}
