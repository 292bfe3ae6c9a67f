package ovsdb

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	windowSize = 64 << 10 // what one read may bring; a longer string makes the window grow to its size
	maxDepth   = 64       // of values that are skipped or kept raw; OVSDB's own go 8 deep
)

// parser reads JSON texts (RFC 8259) one value at a time from a stream, as it arrives, and keeps nothing of it.
//
// The first error sticks: from then on every call returns a zero value and more returns false, so that callers look at err
// once, at the end of a value. A container is read so:
//
//	for p.enter('{'); p.more('}'); {
//		key := p.key()
//		… read exactly one value …
//	}
//
// A []byte that it returns is valid until the next call.
type parser struct {
	src     io.Reader
	buf     []byte // buf[r:w] has been read from src and not yet been used
	r, w    int
	past    int64  // bytes of src before buf[0]
	kept    int    // where the value begins that raw is reading, or -1. Invariant: kept <= r
	escaped []byte // the last string that had escapes, without them
	comma   bool   // the next element of the container must have a comma before it
	err     error
	strings *interner
}

// newParser reads from src. The interner is the caller's, so that it outlives the connection.
func newParser(src io.Reader, strings *interner) *parser {
	return &parser{src: src, buf: make([]byte, windowSize), kept: -1, strings: strings}
}

// parseText reads a text that is there already, such as raw has returned.
func parseText(text []byte, strings *interner) *parser {
	return &parser{buf: text, w: len(text), kept: -1, strings: strings}
}

// fail records the first error, with where it was.
func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: byte %d: %s", ErrProtocol, p.past+int64(p.r), fmt.Sprintf(format, args...))
	}
}

// fill reads more of the stream behind buf[r:w]. It returns false only with an error.
func (p *parser) fill() bool {
	if p.err == nil && p.src == nil {
		p.err = io.ErrUnexpectedEOF
	}
	if p.err != nil {
		return false
	}
	p.makeRoom()
	for range 100 { // as bufio does with a source that returns neither bytes nor an error
		n, err := p.src.Read(p.buf[p.w:])
		if p.w += n; n > 0 {
			return true
		}
		if p.err = err; err != nil {
			return false
		}
	}
	p.err = io.ErrNoProgress
	return false
}

// makeRoom moves what is still needed to the front of the window, and grows a window that is full of it.
func (p *parser) makeRoom() {
	from := p.r
	if p.kept >= 0 {
		from = p.kept
		p.kept = 0
	}
	if from > 0 {
		p.past += int64(from)
		p.w = copy(p.buf, p.buf[from:p.w])
		p.r -= from
	}
	switch {
	case p.w == len(p.buf):
		p.buf = append(p.buf, make([]byte, len(p.buf))...)
	case p.w == 0 && len(p.buf) > 16*windowSize:
		p.buf = make([]byte, windowSize) // a long string is over
	}
}

// peek returns the next byte that is not white space, and leaves it; 0 after an error.
func (p *parser) peek() byte {
	for {
		for ; p.r < p.w; p.r++ {
			switch c := p.buf[p.r]; c {
			case ' ', '\t', '\n', '\r':
			default:
				if p.err != nil {
					return 0
				}
				return c
			}
		}
		if !p.fill() {
			return 0
		}
	}
}

// expect takes the byte that must come next.
func (p *parser) expect(want byte) {
	if got := p.peek(); p.err == nil {
		if got != want {
			p.fail("%q where %q should be", got, want)
			return
		}
		p.r++
	}
}

// enter begins a container, bracket being '{' or '['.
func (p *parser) enter(bracket byte) {
	p.expect(bracket)
	p.comma = false
}

// more reports whether the container has another element, and steps over its comma; at the end it takes the closing bracket.
func (p *parser) more(bracket byte) bool {
	c := p.peek()
	if p.err != nil {
		return false
	}
	if c == bracket {
		p.r++
		p.comma = true
		return false
	}
	if p.comma {
		p.expect(',')
		if p.peek() == bracket {
			p.fail("%q after a comma", bracket)
		}
		p.comma = false
	}
	return p.err == nil
}

// leave ends a container that must have no more elements.
func (p *parser) leave(bracket byte) {
	if p.more(bracket) {
		p.fail("an element more than there should be")
	}
}

// item steps to the next element of a list, which must be there.
func (p *parser) item() {
	if !p.more(']') && p.err == nil {
		p.fail("an element less than there should be")
	}
}

// key reads a member's name, up to its value.
func (p *parser) key() []byte {
	key := p.str()
	// The colon nearly always follows at once. If it does not, looking for it may move the window that key lies in.
	if p.err == nil && (p.r == p.w || p.buf[p.r] != ':') {
		key = append([]byte(nil), key...)
	}
	p.expect(':')
	p.comma = false
	return key
}

// str reads a string.
func (p *parser) str() []byte {
	p.expect('"')
	p.comma = true
	for seen := 0; p.err == nil; p.fill() {
		window := p.buf[p.r:p.w]
		end := bytes.IndexByte(window[seen:], '"')
		fresh := window[seen:]
		if end >= 0 {
			fresh = fresh[:end]
		}
		if bytes.IndexByte(fresh, '\\') >= 0 {
			return p.strEscaped()
		}
		seen += len(fresh)
		if end >= 0 {
			p.r += seen + 1
			return window[:seen]
		}
	}
	return nil
}

// strEscaped reads the rest of a string that has escapes.
func (p *parser) strEscaped() []byte {
	p.escaped = p.escaped[:0]
	for p.err == nil {
		if p.r == p.w && !p.fill() {
			break
		}
		window := p.buf[p.r:p.w]
		plain := bytes.IndexAny(window, `"\`)
		if plain < 0 {
			plain = len(window)
		}
		p.escaped = append(p.escaped, window[:plain]...)
		p.r += plain
		if p.r == p.w {
			continue
		}
		p.r++
		if window[plain] == '"' {
			return p.escaped
		}
		p.escape()
	}
	return nil
}

// escape reads what follows a backslash and appends what it stands for.
func (p *parser) escape() {
	c := p.char()
	if i := bytes.IndexByte([]byte(`"\/bfnrt`), c); i >= 0 {
		p.escaped = append(p.escaped, "\"\\/\b\f\n\r\t"[i])
		return
	}
	if c != 'u' {
		p.fail("unknown escape %q", c)
		return
	}
	r := p.hex4()
	if utf16.IsSurrogate(r) {
		if p.char() != '\\' || p.char() != 'u' {
			p.fail("half a surrogate pair")
			return
		}
		if r = utf16.DecodeRune(r, p.hex4()); r == utf8.RuneError {
			p.fail("no surrogate pair")
			return
		}
	}
	p.escaped = utf8.AppendRune(p.escaped, r)
}

// char reads one byte inside a string.
func (p *parser) char() byte {
	if p.r == p.w && !p.fill() {
		return 0
	}
	p.r++
	return p.buf[p.r-1]
}

func (p *parser) hex4() (r rune) {
	for range 4 {
		c := p.char()
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			p.fail("%q is no hexadecimal digit", c)
		}
	}
	return r
}

// text reads a string and keeps it.
func (p *parser) text() string { return p.strings.intern(p.str()) }

// literal reads a number, true, false or null.
func (p *parser) literal() []byte {
	p.peek()
	p.comma = true
	n := 0
	for ; p.err == nil; n++ {
		if p.r+n == p.w && (n > 0 && p.src == nil || !p.fill()) {
			break // nothing comes behind a text that is there whole
		}
		switch c := p.buf[p.r+n]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', c == '-', c == '+', c == '.', c == 'E':
		case n == 0:
			p.fail("unexpected %q", c)
		default:
			return p.advance(n)
		}
		if n > 64 {
			p.fail("a number or word too long")
		}
	}
	return p.advance(n)
}

// advance takes n bytes of the window; after an error, none.
func (p *parser) advance(n int) []byte {
	if p.err != nil {
		return nil
	}
	p.r += n
	return p.buf[p.r-n : p.r]
}

func (p *parser) boolean() bool {
	switch got := p.literal(); {
	case p.err != nil:
	case string(got) == "true":
		return true
	case string(got) != "false":
		p.fail("%q where true or false should be", got)
	}
	return false
}

func (p *parser) integer() int {
	got := p.literal()
	if p.err != nil {
		return 0
	}
	n, err := strconv.ParseInt(string(got), 10, 64)
	if err != nil {
		p.fail("%q where an integer should be", got)
	}
	return int(n)
}

func (p *parser) real() float64 {
	got := p.literal()
	if p.err != nil {
		return 0
	}
	x, err := strconv.ParseFloat(string(got), 64)
	if err != nil {
		p.fail("%q where a number should be", got)
	}
	return x
}

// skip reads any value and forgets it.
func (p *parser) skip() { p.value(0) }

func (p *parser) value(depth int) {
	switch c := p.peek(); {
	case p.err != nil:
	case c == '"':
		p.str()
	case c != '{' && c != '[':
		p.literal()
	case depth == maxDepth:
		p.fail("nested deeper than %d", maxDepth)
	default:
		p.enter(c)
		for p.more(c + 2) { // '{'+2 == '}', '['+2 == ']'
			if c == '{' {
				p.key()
			}
			p.value(depth + 1)
		}
	}
}

// raw reads any value and returns a copy of its text; nil after an error.
func (p *parser) raw() []byte {
	p.peek()
	p.kept = p.r
	p.skip()
	text := bytes.Clone(p.buf[p.kept:p.r])
	p.kept = -1
	if p.err != nil {
		return nil
	}
	return text
}
