package flow

import "sync"

// NewMatch makes a canonical match of terms in any order. Prerequisites that can be meant in one way only are added, as
// Open vSwitch shows them: ip_src, for example, implies eth_type=0x0800. No terms match every packet.
//
// The error is an *Error that Is ErrMatch: a value outside of its field, a field twice (registers and their xreg and xxreg
// views are the same field), a mask where there can be none, a prerequisite that is contradicted or ambiguous.
func NewMatch(terms ...Term) (Match, error) {
	var b matchBuilder
	for _, t := range terms {
		if err := b.add(t, -1); err != nil {
			return "", err
		}
	}
	return b.match()
}

// CanonicalMatch makes the canonical form of a list of OXM TLVs as it is on the wire, without the ofp_match header and
// padding. It keeps nothing of oxm. The error is an *Error that Is ErrMatch and names the field and the offset.
func CanonicalMatch(oxm []byte) (Match, error) {
	if len(oxm) > maxMatch {
		return "", &Error{Kind: ErrMatch, Offset: maxMatch, Err: errTooLong}
	}
	m := Match(oxm)
	if m.IsCanonical() {
		return m, nil
	}
	if sorted, ok := m.sorted(); ok {
		return sorted, nil
	}
	return m.rebuilt()
}

// rebuilt is the canonical form of any match.
func (m Match) rebuilt() (Match, error) {
	b := builders.Get().(*matchBuilder)
	defer b.release()
	for off := 0; off < len(m); {
		t, err := headers.tlv(string(m[off:]))
		if err != nil {
			return "", matchError(t.field, off, err)
		}
		if err := b.add(Term{field: t.field, value: t.value, mask: t.mask}, off); err != nil {
			return "", err
		}
		off += t.len()
	}
	return b.match()
}

// maxMatch is what the length of an ofp_match can say, its header excluded.
const maxMatch = 65535 - 4

// maxField is the most bytes of a field.
const maxField = 124

// IsCanonical says whether the match is in canonical form, and with that whether it is valid. It does not allocate.
//
// Canonical means: the TLVs are in the order of the table of fields, each once, with the header that Open vSwitch uses over
// OpenFlow 1.5 (registers as 32-bit ones); no mask of all ones or all zeros, no value bit outside of its mask; every
// prerequisite is there; what goes without saying (packet_type=(0,0)) is not.
func (m Match) IsCanonical() bool {
	var c context
	last := -1
	for rest := string(m); len(rest) > 0; {
		if f, n := plainTLV(rest); n > 0 && int(f.row) > last && (f.prereq == needNothing || c.has(f.prereq)) {
			if f.telling {
				c.note(f, rest[4:4+f.size], rest[4+f.size:n])
			}
			last, rest = int(f.row), rest[n:]
			continue
		}
		t, err := headers.tlv(rest)
		if err != nil || t.twin || t.body == 0 || int(t.field.row) <= last || t.field.isView() {
			return false
		}
		f := t.field
		if !f.canonicalValue(t.value, t.mask) || !c.has(f.prereq) {
			return false
		}
		c.note(f, t.value, t.mask)
		last, rest = int(f.row), rest[t.len():]
	}
	return true
}

// arranged is a match of which mostly the order is not canonical: a list of TLVs that is kept sorted. It has room for nearly all
// matches that there are.
type arranged struct {
	terms  [24]arrangedTerm
	n      int
	split  [128]byte // TLVs of registers that came as parts of bigger ones
	splits int       // bytes in use
}

type arrangedTerm struct {
	field   *Field
	isSplit bool
	off, to int // in split, or in the match
}

// insert puts a TLV where it belongs. It returns false when that is not so easy.
func (a *arranged) insert(t arrangedTerm) bool {
	if a.n == len(a.terms) {
		return false
	}
	i := a.n
	for ; i > 0 && a.terms[i-1].field.row >= t.field.row; i-- {
		if a.terms[i-1].field == t.field {
			return false
		}
		a.terms[i] = a.terms[i-1]
	}
	a.terms[i] = t
	a.n++
	return true
}

// insertParts is insert for the 32-bit registers of a bigger one.
func (a *arranged) insertParts(t *tlv) bool {
	first, ok := t.field.firstRegister()
	if !ok || t.twin || t.body == 0 {
		return false
	}
	for i := 0; i < len(t.value); i += 4 {
		value, mask := t.value[i:i+4], ""
		if t.mask != "" {
			mask = t.mask[i : i+4]
		}
		switch {
		case mask == "" || mask == "\xff\xff\xff\xff":
			mask = ""
		case !isWithin(value, mask):
			return false
		case mask == "\x00\x00\x00\x00":
			continue
		}
		if a.splits+12 > len(a.split) {
			return false
		}
		f := Reg[first+i/4]
		part := arrangedTerm{f, true, a.splits, len(f.appendTLV(a.split[:a.splits], value, mask))}
		if a.splits = part.to; !a.insert(part) {
			return false
		}
	}
	return true
}

// sorted is the canonical form of a match as Open vSwitch shows nearly all: each TLV is canonical but for registers, which it
// writes in pairs, and the order is its own. ok is false for any other match.
func (m Match) sorted() (in Match, ok bool) {
	var a arranged
	for off := 0; off < len(m); {
		rest := string(m[off:])
		f, n := plainTLV(rest)
		if n == 0 {
			t, err := headers.tlv(rest)
			if err != nil {
				return "", false
			}
			f, n = t.field, t.len()
			if f.isView() && a.insertParts(&t) {
				off += n
				continue
			}
			if t.twin || t.body == 0 || f.isView() || !f.canonicalValue(t.value, t.mask) {
				return "", false
			}
		}
		if !a.insert(arrangedTerm{f, false, off, off + n}) {
			return "", false
		}
		off += n
	}
	return a.match(m)
}

// match puts the TLVs together, if nothing is missing that one of them needs.
func (a *arranged) match(m Match) (in Match, ok bool) {
	var c context
	var room [256]byte
	out := room[:0]
	for i := range a.terms[:a.n] {
		t := &a.terms[i]
		if t.field.prereq != needNothing && !c.has(t.field.prereq) {
			return "", false
		}
		if t.isSplit {
			out = append(out, a.split[t.off:t.to]...)
			continue
		}
		if t.field.telling {
			whole, _ := headers.tlv(string(m[t.off:t.to])) // it is one
			c.note(t.field, whole.value, whole.mask)
		}
		out = append(out, m[t.off:t.to]...)
	}
	return Match(out), true
}

// plainTLV is the field and the size of the TLV at the start of s, if it is one of the many of which a glance shows that it is
// canonical; else the size is 0.
func plainTLV(s string) (*Field, int) {
	if len(s) < 4 {
		return nil, 0
	}
	h := be32(s, 0)
	var f *Field
	switch h >> 16 {
	case classBasic:
		f = headers.basic[h>>9&127]
	case classNXM1:
		f = headers.nxm1[h>>9&127]
	}
	if f == nil || !f.plain || uint32(f.header) != h&^0x1ff {
		return nil, 0
	}
	n := 4 + int(h&0xff)
	if n > len(s) {
		return nil, 0
	}
	if h&(1<<8) == 0 {
		if n != 4+f.size {
			return nil, 0
		}
		return f, n
	}
	if n != 4+2*f.size || !f.Maskable() || !plainMask(s[4:4+f.size], s[4+f.size:n]) {
		return nil, 0
	}
	return f, n
}

// plainMask says whether a mask has ones and zeros, and the value no ones elsewhere.
func plainMask(value, mask string) bool {
	all, any := byte(0xff), byte(0)
	for i := range len(mask) {
		if value[i]&^mask[i] != 0 {
			return false
		}
		all, any = all&mask[i], any|mask[i]
	}
	return all != 0xff && any != 0
}

// isPicky says whether validValue has something against values of the field.
func isPicky(r row) bool {
	switch r {
	case rowInPortOXM, rowActsetOutput, rowPacketType, rowNSHMDType, rowCTNwProto:
		return true
	}
	return false
}

// canonicalValue says whether a value and mask may stand in a canonical match.
func (f *Field) canonicalValue(value, mask string) bool {
	if f.flags&valueMask != 0 && mask != value && !f.coversAll(value) {
		return false
	}
	if f.flags&variable != 0 && len(value) != shortest(value, mask) {
		return false
	}
	if mask == "" {
		return f.fits(value) && validValue(f, value)
	}
	if !f.Maskable() || !f.fits(mask) || f.coversAll(mask) || allBytes(mask, 0) && f.flags&variable == 0 {
		return false
	}
	return isWithin(value, mask) && validValue(f, value)
}

// coversAll says whether the mask has ones in all bits of the field. Of a field of variable size only the switch knows.
func (f *Field) coversAll(mask string) bool {
	if f.flags&variable != 0 && len(mask) < f.size {
		return false
	}
	spare := 8*len(mask) - f.valid
	for i := range len(mask) {
		want := byte(0xff)
		if spare > 0 {
			want >>= min(spare, 8)
			spare -= 8
		}
		if mask[i]&want != want {
			return false
		}
	}
	return true
}

// validValue knows the values that Open vSwitch refuses beside those that are too large (mf_is_value_valid), and
// packet_type=(0,0), which is never said.
func validValue(f *Field, value string) bool {
	switch f.row {
	case rowInPortOXM, rowActsetOutput:
		v := be32(value, 0)
		return v < firstReservedPort16 || v >= firstReservedPort
	case rowPacketType:
		return be32(value, 0) != nsEthernet
	case rowNSHMDType:
		return value[0] == 1 || value[0] == 2
	case rowCTNwProto:
		return value[0] != 0 // Open vSwitch takes it and leaves it out of its dumps
	}
	return true
}

// Ports at and above these are reserved, with 16 bits (OpenFlow 1.0) and with 32.
const (
	firstReservedPort16 = 0xff00
	firstReservedPort   = 0xffffff00
)

// matchBuilder collects terms and brings them into canonical form.
type matchBuilder struct {
	terms []placedTerm
}

// builders are kept for CanonicalMatch, which a big dump calls a million times.
var builders = sync.Pool{New: func() any { return new(matchBuilder) }}

// release gives back a builder. It keeps its room, and nothing of the match.
func (b *matchBuilder) release() {
	clear(b.terms)
	b.terms = b.terms[:0]
	builders.Put(b)
}

type placedTerm struct {
	Term
	offset int // where it came from, for errors; -1 when from nowhere
}

func matchError(f *Field, offset int, err error) error {
	e := &Error{Kind: ErrMatch, Offset: offset, Err: err}
	if f != nil {
		e.What = f.name
	}
	return e
}

// add takes a term in, folded to the fields of a canonical match, with a canonical value and mask.
func (b *matchBuilder) add(t Term, offset int) error {
	if t.field == nil {
		return matchError(nil, offset, errUnknown)
	}
	if t.err != nil {
		return matchError(t.field, offset, t.err)
	}
	f := t.field
	t.value = masked(t.value, t.mask)
	if !f.fits(t.value) {
		return matchError(f, offset, errRange)
	}
	if t.mask != "" {
		t.mask = f.trim(t.mask)
	}
	switch {
	case t.mask == "":
	case allBytes(t.mask, 0) && f.flags&variable == 0:
		return nil
	case f.coversAll(t.mask):
		t.mask = ""
	case !f.Maskable():
		return matchError(f, offset, errMask)
	}
	if f.isView() {
		return b.addView(t, offset)
	}
	if f.flags&variable != 0 {
		t.value, t.mask = shorten(t.value, t.mask)
	}
	if f.flags&valueMask != 0 {
		if allBytes(t.value, 0) {
			return matchError(f, offset, errZeroMask)
		}
		if t.mask = t.value; f.coversAll(t.mask) {
			t.mask = ""
		}
	}
	if f.row == rowPacketType && be32(t.value, 0) == nsEthernet {
		return nil
	}
	if !validValue(f, t.value) {
		return matchError(f, offset, errRange)
	}
	b.terms = append(b.terms, placedTerm{t, offset})
	return nil
}

// masked is value without the bits that mask leaves out.
func masked(value, mask string) string {
	if mask == "" || isWithin(value, mask) {
		return value
	}
	b := []byte(value)
	for i := range b {
		b[i] &= mask[i]
	}
	return string(b)
}

// isWithin says whether value has no ones where mask has none.
func isWithin(value, mask string) bool {
	for i := range len(value) {
		if value[i]&^mask[i] != 0 {
			return false
		}
	}
	return true
}

// shortest is the least bytes that a value and mask of variable size need: Open vSwitch fills them with zeros in front, up to
// the size that the option is mapped to. A mask of zeros matches packets that have the option.
func shortest(value, mask string) int {
	if mask != "" {
		value = mask
	}
	n := len(value)
	for n > 1 && value[len(value)-n] == 0 {
		n--
	}
	return max(n, 1)
}

// shorten leaves out the zeros in front.
func shorten(value, mask string) (string, string) {
	n := shortest(value, mask)
	value = value[max(0, len(value)-n):]
	if value == "" {
		value = "\x00"
	}
	return value, mask[max(0, len(mask)-n):]
}

// trim is mask without the bits that are not of the field.
func (f *Field) trim(mask string) string {
	if f.flags&variable != 0 || f.fits(mask) {
		return mask
	}
	return masked(mask, string(lowOnes(f.valid, f.size)))
}

// lowOnes is n one bits behind zeros, in size bytes.
func lowOnes(n, size int) []byte {
	b := ones(8*size, size)
	for i := range 8*size - n {
		b[i/8] &^= 0x80 >> (i % 8)
	}
	return b
}

// match sorts what was added, adds what it implies, and writes it.
func (b *matchBuilder) match() (Match, error) {
	if err := b.sort(); err != nil {
		return "", err
	}
	if err := b.imply(); err != nil {
		return "", err
	}
	var room [256]byte
	out := room[:0]
	for i := range b.terms {
		t := &b.terms[i]
		out = t.field.appendTLV(out, t.value, t.mask)
	}
	if len(out) > maxMatch {
		return "", matchError(nil, maxMatch, errTooLong)
	}
	return Match(out), nil
}

func (b *matchBuilder) sort() error {
	for i := range b.terms { // there are few
		for j := i; j > 0 && b.terms[j].field.row < b.terms[j-1].field.row; j-- {
			b.terms[j], b.terms[j-1] = b.terms[j-1], b.terms[j]
		}
	}
	for i := range b.terms[:max(0, len(b.terms)-1)] {
		if t := b.terms[i+1]; t.field == b.terms[i].field {
			return matchError(t.field, t.offset, errDuplicate)
		}
	}
	return nil
}

// imply adds missing prerequisites. Each round adds those of the first term that lacks one; what is added lacks less,
// so the rounds end.
func (b *matchBuilder) imply() error {
	for {
		var c context
		for i := range b.terms {
			if t := &b.terms[i]; t.field.telling {
				c.note(t.field, t.value, t.mask)
			}
		}
		i := 0
		for i < len(b.terms) && c.has(b.terms[i].field.prereq) {
			i++
		}
		if i == len(b.terms) {
			return nil
		}
		t := b.terms[i]
		added, err := c.imply(t.field.prereq)
		if err != nil {
			return matchError(t.field, t.offset, err)
		}
		for _, a := range added {
			b.terms = append(b.terms, placedTerm{a, t.offset})
		}
		if err := b.sort(); err != nil {
			return err
		}
	}
}
