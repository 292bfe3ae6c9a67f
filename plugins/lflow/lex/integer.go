package lex

import (
	"net/netip"
	"strconv"
	"strings"
)

// maxAddress is the room for an address in text, its end included (INET6_ADDRSTRLEN): longer ones are no address to OVN.
const maxAddress = 46

// integer takes an integer, with a mask if there is one.
func (s *scanner) integer() {
	s.constant(s.token)
	if s.token.Kind != Integer || s.at(0) != '/' {
		return
	}
	s.pos++
	var mask Token
	s.constant(&mask)
	if mask.Kind == Bad {
		*s.token = mask
		return
	}
	m, f, ok := combine(s.token, &mask)
	if !ok {
		s.bad("Value and mask have incompatible formats.")
		return
	}
	s.token.Kind, s.token.Format = MaskedInteger, f
	s.token.Value, s.token.Mask, s.token.Text = s.token.Value.And(m), m, mask.Text
}

// combine is the mask that mask means behind value, and the format of both: the same as that of value, a number of bits behind
// an address, or hexadecimal behind a decimal 0.
func combine(value, mask *Token) (Value, Format, bool) {
	prefix := int64(uint32(mask.Value.Lo))
	switch {
	case value.Format == mask.Format:
		return mask.Value, value.Format, true
	case value.Format == IPv4 && mask.Format == Decimal && prefix <= 32:
		return Ones(int(prefix)).Shl(32 - int(prefix)), IPv4, true
	case value.Format == IPv6 && mask.Format == Decimal && prefix <= 128:
		return Ones(int(prefix)).Shl(128 - int(prefix)), IPv6, true
	case value.Format == Decimal && mask.Format == Hexadecimal && value.Value.IsZero():
		return mask.Value, Hexadecimal, true
	}
	return Value{}, 0, false
}

// constant takes one number or address into t.
func (s *scanner) constant(t *Token) {
	text := s.text[s.pos:constantEnd(s.text, s.pos)]
	s.pos += len(text)
	*t = Token{Kind: Integer}
	var wrong string
	switch {
	case text == "":
		wrong = "Integer constant expected."
	case isAll(text, isDigit):
		t.Value, t.Format, wrong = decimal(text)
	case text[0] == '0' && len(text) > 1 && text[1]|0x20 == 'x':
		t.Format = Hexadecimal
		t.Value, t.Text, wrong = hexadecimal(text)
	default:
		t.Value, t.Format, wrong = address(text)
	}
	if wrong != "" {
		*t = Token{Kind: Bad, Text: wrong}
	}
}

// constantEnd is where the constant at pos ends. Two points in a row are a token of their own, and so is a colon behind a
// point: 1.2.3.4:80 is an address, a colon and a number. (In ::ffff:1.2.3.4 no colon follows a point.)
func constantEnd(text string, pos int) int {
	point := false
	for ; pos < len(text); pos++ {
		switch c := text[pos]; {
		case isDigit(c) || isLetter(c):
		case c == ':' && !point:
		case c == '.' && (pos+1 >= len(text) || text[pos+1] != '.'):
			point = true
		default:
			return pos
		}
	}
	return pos
}

func decimal(text string) (Value, Format, string) {
	if text[0] == '0' && len(text) > 1 {
		return Value{}, 0, "Decimal constants must not have leading zeros."
	}
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return Value{}, 0, "Decimal constants must be less than 2**64."
	}
	return Uint(v), Decimal, ""
}

// maxHex is the most digits that a number may have (OVN, union mf_subvalue: 1024 bits).
const maxHex = 256

// hexadecimal reads from the last digit on, which decides which error is reported. When v is only the low 128 bits of the number,
// wide is how all of it is printed.
func hexadecimal(text string) (v Value, wide, wrong string) {
	digits := text[2:]
	if digits == "" {
		return v, "", "Hex digits expected following " + text + "."
	}
	for i := range len(digits) {
		c := digits[len(digits)-1-i]
		if !isHex(c) {
			return v, "", "Invalid syntax in hexadecimal constant."
		}
		switch {
		case c == '0':
		case i >= maxHex:
			return v, "", "Hexadecimal constant requires more than 1024 bits."
		case i >= 32:
			wide = digits[len(digits)-1-i:]
		default:
			v = v.Or(Uint(uint64(hexDigit(c))).Shl(4 * i))
		}
	}
	if wide != "" {
		wide = "0x" + strings.ToLower(wide)
	}
	return v, wide, ""
}

func hexDigit(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

func address(text string) (Value, Format, string) {
	if v, ok := ethernet(text); ok {
		return v, Ethernet, ""
	}
	if len(text) < maxAddress && strings.IndexByte(text, '%') < 0 {
		if a, err := netip.ParseAddr(text); err == nil {
			if a.Is4() {
				b := a.As4()
				return Uint(uint64(b[0])<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3])), IPv4, ""
			}
			return Bytes(a.As16()), IPv6, ""
		}
	}
	return Value{}, 0, "Invalid numeric constant."
}

// ethernet reads xx:xx:xx:xx:xx:xx.
func ethernet(text string) (Value, bool) {
	if len(text) != 17 {
		return Value{}, false
	}
	var v uint64
	for i := 0; i < 17; i += 3 {
		if !isHex(text[i]) || !isHex(text[i+1]) || i < 15 && text[i+2] != ':' {
			return Value{}, false
		}
		v = v<<8 | uint64(hexDigit(text[i])<<4|hexDigit(text[i+1]))
	}
	return Uint(v), true
}

func isAll(text string, is func(byte) bool) bool {
	for i := range len(text) {
		if !is(text[i]) {
			return false
		}
	}
	return true
}
