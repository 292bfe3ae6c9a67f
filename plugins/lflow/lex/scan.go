package lex

import (
	"fmt"
	"strings"
)

// scanner takes one token from text at pos.
type scanner struct {
	text  string
	pos   int
	token *Token
}

// at is the byte i places ahead, 0 behind the end.
func (s *scanner) at(i int) byte {
	if s.pos+i < len(s.text) {
		return s.text[s.pos+i]
	}
	return 0
}

// bad makes the token one that says what is wrong.
func (s *scanner) bad(format string, args ...any) {
	*s.token = Token{Kind: Bad, Text: fmt.Sprintf(format, args...)}
}

// scan takes the next token and returns where it begins.
func (s *scanner) scan() (start int) {
	*s.token = Token{}
	start, ok := s.skip()
	if !ok || s.pos >= len(s.text) {
		return start
	}
	if n, k := operator(s.text[s.pos:]); n > 0 {
		s.pos += n
		s.token.Kind = k
		return start
	}
	switch c := s.text[s.pos]; {
	case '0' <= c && c <= '9' || c == ':':
		s.integer()
	case isHex(c) && s.hexThenColon():
		s.integer()
	case isIDStart(c):
		s.name(ID, 0)
	case c == '"':
		s.quoted()
	case c == '$':
		s.name(Macro, 1)
	case c == '@':
		s.name(PortGroup, 1)
	case c == '^':
		s.name(Template, 1)
	default:
		s.stray(c)
	}
	return start
}

// skip passes over white space and comments. It returns where what follows begins; ok is false when a comment is bad.
func (s *scanner) skip() (start int, ok bool) {
	for s.pos < len(s.text) {
		start := s.pos
		switch c := s.text[s.pos]; {
		case c == ' ' || '\t' <= c && c <= '\r':
			s.pos++
		case c != '/':
			return start, true
		case s.at(1) == '/':
			if n := strings.IndexByte(s.text[s.pos:], '\n'); n >= 0 {
				s.pos += n
			} else {
				s.pos = len(s.text)
			}
		case s.at(1) == '*':
			line, _, _ := strings.Cut(s.text[s.pos+2:], "\n")
			n := strings.Index(line, "*/")
			if n < 0 {
				s.pos += 2 + len(line)
				s.bad("`/*' without matching `*/'.")
				return start, false
			}
			s.pos += 2 + n + 2
		default:
			s.pos++
			s.bad("`/' is only valid as part of `//' or `/*'.")
			return start, false
		}
	}
	return s.pos, true
}

// operator is the length and kind of the operator at the start of text, 0 when there is none.
func operator(text string) (int, Kind) {
	var second byte
	if len(text) > 1 {
		second = text[1]
	}
	switch text[0] {
	case '(':
		return 1, LParen
	case ')':
		return 1, RParen
	case '{':
		return 1, LCurly
	case '}':
		return 1, RCurly
	case '[':
		return 1, LSquare
	case ']':
		return 1, RSquare
	case ',':
		return 1, Comma
	case ';':
		return 1, Semicolon
	case '=':
		return either(second == '=', EQ, Equals)
	case '!':
		return either(second == '=', NE, Not)
	case '>':
		return either(second == '=', GE, GT)
	case '-':
		return either(second == '-', Decrement, Hyphen)
	case '<':
		if strings.HasPrefix(text, "<->") {
			return 3, Exchange
		}
		return either(second == '=', LE, LT)
	case ':':
		if second != ':' { // else an IPv6 address
			return 1, Colon
		}
	case '&':
		if second == '&' {
			return 2, And
		}
	case '|':
		if second == '|' {
			return 2, Or
		}
	case '.':
		if second == '.' {
			return 2, Ellipsis
		}
	}
	return 0, 0
}

// either is the kind of an operator of two characters, or else of its first one.
func either(two bool, long, short Kind) (int, Kind) {
	if two {
		return 2, long
	}
	return 1, short
}

// hexThenColon says whether what begins with a hexadecimal digit is an address: those go on with a colon, which no
// identifier does.
func (s *scanner) hexThenColon() bool {
	n := 1
	for isHex(s.at(n)) {
		n++
	}
	return s.at(n) == ':'
}

// name takes an identifier, behind a character that says what it names unless skip is 0.
func (s *scanner) name(k Kind, skip int) {
	mark := s.text[s.pos : s.pos+skip]
	s.pos += skip
	if !isIDStart(s.at(0)) && s.at(0) != '.' {
		s.bad("`%s' must be followed by a valid identifier.", mark)
		return
	}
	start := s.pos
	for s.pos++; isIDPart(s.at(0)); s.pos++ {
	}
	s.token.Kind, s.token.Text = k, s.text[start:s.pos]
}

// stray passes over a character that begins no token.
func (s *scanner) stray(c byte) {
	s.pos++
	switch {
	case c == '&':
		s.bad("`&' is only valid as part of `&&'.")
	case c == '|':
		s.bad("`|' is only valid as part of `||'.")
	case c == '.':
		s.bad("`.' is only valid as part of `..' or a number.")
	case ' ' <= c && c <= '~':
		s.bad("Invalid character `%c' in input.", c)
	default:
		s.bad("Invalid byte 0x%d in input.", int8(c)) // OVN prints the char as a signed decimal
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

func isIDStart(c byte) bool { return isLetter(c) || c == '_' }

func isIDPart(c byte) bool { return isIDStart(c) || isDigit(c) || c == '.' }
