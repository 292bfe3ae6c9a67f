package openflow

import (
	"encoding/binary"
	"fmt"
)

// A walker goes through one message. It is the one place where lengths found in a message are followed.
//
// Invariant: 0 <= off <= end <= len(msg).
type walker struct {
	msg  []byte
	off  int
	end  int    // of the structure being walked
	what string // for errors
}

func (w *walker) left() int { return w.end - w.off }

func (w *walker) errorf(format string, args ...any) error {
	return &DecodeError{What: w.what, Offset: w.off, Reason: fmt.Sprintf(format, args...)}
}

// take returns the next n bytes and goes on behind them. n may be anything.
func (w *walker) take(n int) ([]byte, error) {
	if n < 0 || n > w.left() {
		return nil, w.errorf("%d bytes needed, %d left", n, w.left())
	}
	b := w.msg[w.off : w.off+n : w.off+n]
	w.off += n
	return b, nil
}

// uint16At returns the 16-bit number at an offset from where the walker is.
func (w *walker) uint16At(at int) (int, error) {
	if w.left() < at+2 {
		return 0, w.errorf("%d bytes needed, %d left", at+2, w.left())
	}
	return int(binary.BigEndian.Uint16(w.msg[w.off+at:])), nil
}

// entry takes one of a row of structures that begin with their length, a 16-bit number of at least min, and returns a
// walker of its own for it.
func (w *walker) entry(min int) (walker, error) {
	n, err := w.uint16At(0)
	if err != nil {
		return walker{}, err
	}
	if n < min || n > w.left() {
		return walker{}, w.errorf("length %d, with %d bytes left", n, w.left())
	}
	in := walker{msg: w.msg, off: w.off, end: w.off + n, what: w.what}
	w.off += n
	return in, nil
}

// match takes an ofp_match and the padding behind it, and returns its OXM TLVs.
func (w *walker) match() ([]byte, error) {
	typ, err := w.uint16At(0)
	if err != nil {
		return nil, err
	}
	if typ != 1 { // OFPMT_OXM; OFPMT_STANDARD is of OpenFlow 1.1
		return nil, w.errorf("match type %d is not OXM", typ)
	}
	return w.padded(4)
}

// stats takes an ofp_stats (§7.2.4.2) and the padding behind it, and returns its OXS TLVs.
func (w *walker) stats() ([]byte, error) { return w.padded(4) }

// padded takes a structure with a 16-bit length (which counts its header, not its padding) at its third byte, and the
// padding that makes it a multiple of 8 bytes. It returns what is behind its header.
func (w *walker) padded(header int) ([]byte, error) {
	n, err := w.uint16At(2)
	if err != nil {
		return nil, err
	}
	if n < header {
		return nil, w.errorf("length %d is shorter than its header", n)
	}
	b, err := w.take((n + 7) &^ 7)
	if err != nil {
		return nil, err
	}
	return b[header:n:n], nil
}
