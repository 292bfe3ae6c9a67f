package lex

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
)

// String is the token as text that the lexer takes for the same token; of End it is "$", and of Bad error("…").
func (t Token) String() string { return string(t.Append(nil)) }

// Append appends the token as String has it.
func (t Token) Append(b []byte) []byte {
	switch t.Kind {
	case ID:
		return append(b, t.Text...)
	case Bad:
		return append(AppendQuoted(append(b, "error("...), t.Text), ')')
	case String:
		return AppendQuoted(b, t.Text)
	case Integer:
		if t.Text != "" {
			return append(b, t.Text...)
		}
		return AppendValue(b, t.Value, t.format())
	case MaskedInteger:
		return t.appendMasked(b)
	case Macro:
		return append(append(b, '$'), t.Text...)
	case PortGroup:
		return append(append(b, '@'), t.Text...)
	case Template:
		return append(append(b, '^'), t.Text...)
	}
	return append(b, symbols[t.Kind]...)
}

// format is the format to print with: a value too wide for the one it has is printed in hexadecimal.
func (t Token) format() Format {
	width := t.Format.Bits()
	if t.Format == Decimal {
		width = 64
	}
	if width != 0 && (t.Value.Len() > width || t.Kind == MaskedInteger && t.Mask.Len() > width) {
		return Hexadecimal
	}
	return t.Format
}

func (t Token) appendMasked(b []byte) []byte {
	f := t.format()
	b = append(AppendValue(b, t.Value, f), '/')
	if f == IPv4 || f == IPv6 {
		if n, ok := t.Mask.prefixLen(f.Bits()); ok {
			return strconv.AppendInt(b, int64(n), 10)
		}
	}
	if t.Text != "" {
		return append(b, t.Text...)
	}
	return AppendValue(b, t.Mask, f)
}

// AppendValue appends v in a format that is wide enough for it.
func AppendValue(b []byte, v Value, f Format) []byte {
	switch f {
	case Decimal:
		return strconv.AppendUint(b, v.Lo, 10)
	case IPv4:
		return netip.AddrFrom4([4]byte{byte(v.Lo >> 24), byte(v.Lo >> 16), byte(v.Lo >> 8), byte(v.Lo)}).AppendTo(b)
	case IPv6:
		return appendIPv6(b, v)
	case Ethernet:
		for i := 40; i >= 0; i -= 8 {
			b = hex.AppendEncode(b, []byte{byte(v.Lo >> i)})
			if i > 0 {
				b = append(b, ':')
			}
		}
		return b
	}
	return AppendHex(b, v)
}

// AppendHex appends v in hexadecimal, and 0 as "0" (OVS, mf_format_subvalue).
func AppendHex(b []byte, v Value) []byte {
	if v.IsZero() {
		return append(b, '0')
	}
	b = append(b, "0x"...)
	if v.Hi == 0 {
		return strconv.AppendUint(b, v.Lo, 16)
	}
	b = strconv.AppendUint(b, v.Hi, 16)
	for i := 56; i >= 0; i -= 8 {
		b = hex.AppendEncode(b, []byte{byte(v.Lo >> i)})
	}
	return b
}

// appendIPv6 writes an address as inet_ntop(3) of the GNU C library does: the first of the longest runs of two or more zero
// groups becomes "::", and where six or seven groups in front hold nothing (or ::ffff) the rest is written as IPv4.
func appendIPv6(b []byte, v Value) []byte {
	if v.Hi == 0 && (v.Lo>>32 == 0xffff || v.Lo>>32 == 0 && v.Lo>>16 != 0) {
		if v.Lo>>32 == 0xffff {
			b = append(b, "::ffff:"...)
		} else {
			b = append(b, "::"...)
		}
		return AppendValue(b, Uint(v.Lo&0xffffffff), IPv4)
	}
	return netip.AddrFrom16(v.Bytes()).AppendTo(b)
}

// AppendQuoted appends s between quotes, escaped as JSON is (RFC 8259 §7).
func AppendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			if c < ' ' {
				b = fmt.Appendf(b, `\u%04x`, c)
			} else {
				b = append(b, c)
			}
		}
	}
	return append(b, '"')
}
