package flow

import (
	"errors"
	"strings"
)

var errUnbalanced = errors.New("parenthesis without its other half")

// argument is one "key", "key=value", "key:value" or "key(value)" of Open vSwitch's flow syntax (ovs-ofctl(8), Flow Syntax).
type argument struct {
	key, value string
	sep        byte   // '=', ':', '(', or 0 when there is a key alone
	rest       string // of key(value)rest: what follows the parenthesis directly
	offset     int    // of the key in the whole text
}

// inside is where the value in parentheses begins.
func (a argument) inside() int { return a.offset + len(a.key) + 1 }

// each calls f for every argument in the value.
func (a argument) each(f func(argument) error) error {
	for l := (lexer{text: a.value, base: a.inside()}); ; {
		arg, ok, err := l.next()
		if err != nil || !ok {
			return err
		}
		if err := f(arg); err != nil {
			return syntaxError(arg.key, arg.offset, err)
		}
	}
}

// lexer splits text into arguments, at commas and white space outside of parentheses.
type lexer struct {
	text string
	pos  int // in text
	base int // of text in the whole text
}

// maxParentheses bounds nested parentheses: an action has at most two pairs around its arguments.
const maxParentheses = 2 * maxDepth

const separators = ", \t\r\n"

// next takes the next argument; ok is false at the end.
func (l *lexer) next() (arg argument, ok bool, err error) {
	for l.pos < len(l.text) && strings.IndexByte(separators, l.text[l.pos]) >= 0 {
		l.pos++
	}
	if l.pos == len(l.text) {
		return arg, false, nil
	}
	s := l.text[l.pos:]
	arg.offset = l.base + l.pos
	n := keyLen(s)
	arg.key = s[:n]
	if n == len(s) || strings.IndexByte(separators, s[n]) >= 0 {
		l.pos += n
		return arg, true, nil
	}
	arg.sep = s[n]
	if arg.sep == '(' {
		end, err := closing(s[n:])
		if err != nil {
			return arg, false, syntaxError(arg.key, arg.offset, err)
		}
		arg.value = s[n+1 : n+end]
		n += end + 1
		more, err := valueLen(s[n:])
		if err != nil {
			return arg, false, syntaxError(arg.key, arg.offset, err)
		}
		arg.rest = s[n : n+more]
		l.pos += n + more
		return arg, true, nil
	}
	n++
	size, err := valueLen(s[n:])
	if err != nil {
		return arg, false, syntaxError(arg.key, arg.offset, err)
	}
	arg.value = s[n : n+size]
	l.pos += n + size
	return arg, true, nil
}

// keyLen is where the key at the start of s ends. A quoted one may hold anything.
func keyLen(s string) int {
	if s[0] == '"' {
		for i := 1; i < len(s); i++ {
			switch s[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return len(s)
	}
	if n := strings.IndexAny(s, ":=("+separators); n >= 0 {
		return n
	}
	return len(s)
}

// valueLen is where the value at the start of s ends: at a separator outside of parentheses.
func valueLen(s string) (int, error) {
	depth := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '(':
			if depth++; depth > maxParentheses {
				return 0, errNested
			}
		case c == ')':
			if depth--; depth < 0 {
				return 0, errUnbalanced
			}
		case depth == 0 && strings.IndexByte(separators, c) >= 0:
			return i, nil
		}
	}
	if depth > 0 {
		return 0, errUnbalanced
	}
	return len(s), nil
}

// closing is where the parenthesis that s starts with is closed.
func closing(s string) (int, error) {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			if depth++; depth > maxParentheses {
				return 0, errNested
			}
		case ')':
			if depth--; depth == 0 {
				return i, nil
			}
		}
	}
	return 0, errUnbalanced
}

func syntaxError(what string, offset int, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Kind == ErrSyntax {
		return err
	}
	return &Error{Kind: ErrSyntax, What: what, Offset: offset, Err: err}
}
