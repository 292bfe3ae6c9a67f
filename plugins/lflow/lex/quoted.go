package lex

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// quoted takes a string between quotes.
func (s *scanner) quoted() {
	s.pos++
	start, plain := s.pos, true
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case '"':
			text := s.text[start:s.pos]
			s.pos++
			s.token.Kind, s.token.Text = String, text
			if !plain {
				s.unescape(text)
			}
			return
		case '\\':
			plain = false
			s.pos++
		case 0: // OVN's strings end there
			s.pos++
			s.bad("Input ends inside quoted string.")
			return
		}
		s.pos++
	}
	s.pos = len(s.text)
	s.bad("Input ends inside quoted string.")
}

// escapes are the escapes of one character (RFC 8259 §7).
var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape replaces the escapes of a string as JSON has them (OVS, json_string_unescape, whose words the errors are).
func (s *scanner) unescape(text string) {
	var b strings.Builder
	for len(text) > 0 {
		n := strings.IndexByte(text, '\\')
		if n < 0 {
			n = len(text)
		}
		b.WriteString(text[:n])
		if text = text[n:]; text == "" {
			break
		}
		c := text[1] // quoted never ends a string behind a backslash
		text = text[2:]
		if plain, ok := escapes[c]; ok {
			b.WriteByte(plain)
			continue
		}
		if c != 'u' {
			s.bad("bad escape \\%c", c)
			return
		}
		r, size, wrong := unicodeEscape(text)
		if wrong != "" {
			s.bad("%s", wrong)
			return
		}
		b.WriteRune(r)
		text = text[size:]
	}
	s.token.Text = b.String()
}

// unicodeEscape reads what follows \u: four digits, and for what does not fit into them a second half.
func unicodeEscape(text string) (r rune, size int, wrong string) {
	r, wrong = fourHex(text)
	if wrong != "" || r < 0xd800 || r > 0xdbff {
		if wrong == "" && !utf8.ValidRune(r) {
			r = utf8.RuneError
		}
		return r, 4, wrong
	}
	if len(text) < 6 || text[4:6] != `\u` {
		return 0, 0, "malformed escaped surrogate pair"
	}
	second, wrong := fourHex(text[6:])
	if wrong != "" {
		return 0, 0, wrong
	}
	if second < 0xdc00 || second > 0xdfff {
		return 0, 0, "second half of escaped surrogate pair is not trailing surrogate"
	}
	return utf16.DecodeRune(r, second), 10, ""
}

func fourHex(text string) (rune, string) {
	if len(text) < 4 {
		return 0, `quoted string ends within \u escape`
	}
	if !isAll(text[:4], isHex) {
		return 0, `malformed \u escape`
	}
	v, _ := strconv.ParseUint(text[:4], 16, 16) // four hexadecimal digits always parse
	if v == 0 {
		return 0, "null bytes not supported in quoted strings"
	}
	return rune(v), ""
}
