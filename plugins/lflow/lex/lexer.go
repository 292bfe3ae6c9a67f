package lex

import (
	"fmt"
	"math"
	"strings"
)

// Lexer walks over the tokens of one text. It is not safe for concurrent use.
type Lexer struct {
	// Token is the current token. Parsers read it and move on with Next and the methods that end in it.
	Token Token

	text  string
	start int   // where Token begins
	end   int   // where Token ends and the next one is looked for
	ahead Token // memory of Peek
	err   *Error
}

// New is a lexer at the first token of text.
func New(text string) *Lexer {
	l := new(Lexer)
	l.Reset(text)
	return l
}

// Reset starts anew, at the first token of text.
func (l *Lexer) Reset(text string) {
	*l = Lexer{text: text}
	l.Next()
}

// Next moves to the next token and returns its kind. Behind the last one there is End, however often one asks.
func (l *Lexer) Next() Kind {
	s := scanner{text: l.text, pos: l.end, token: &l.Token}
	l.start = s.scan()
	l.end = s.pos
	return l.Token.Kind
}

// Peek is the kind of the token behind the current one.
func (l *Lexer) Peek() Kind {
	s := scanner{text: l.text, pos: l.end, token: &l.ahead}
	s.scan()
	return l.ahead.Kind
}

// Source is the current token as it stands in the text; Rest is the text behind it.
func (l *Lexer) Source() string { return l.text[l.start:l.end] }

func (l *Lexer) Rest() string { return l.text[l.end:] }

// Match moves on if the current token is of the given kind, and says whether it was.
func (l *Lexer) Match(k Kind) bool {
	if l.Token.Kind != k {
		return false
	}
	l.Next()
	return true
}

// MatchID moves on if the current token is the given identifier, and says whether it was.
func (l *Lexer) MatchID(id string) bool {
	if l.Token.Kind != ID || l.Token.Text != id {
		return false
	}
	l.Next()
	return true
}

// ForceMatch is Match, and an error when the token is of another kind.
func (l *Lexer) ForceMatch(k Kind) bool {
	switch {
	case k == End:
		return l.ForceEnd()
	case l.Match(k):
		return true
	}
	l.SyntaxErrorf("expecting `%s'", symbols[k])
	return false
}

// ForceEnd says whether the current token is End, and is an error when not.
func (l *Lexer) ForceEnd() bool {
	if l.Token.Kind == End {
		return true
	}
	l.SyntaxErrorf("expecting end of input")
	return false
}

// IsInt says whether the current token is an integer written in decimal, at most 2**31-1.
func (l *Lexer) IsInt() bool {
	t := &l.Token
	return t.Kind == Integer && t.Format == Decimal && t.Value.Lo <= math.MaxInt32
}

// Int takes an integer such as IsInt describes, moves on, and says whether there was one; if not, it is 0.
func (l *Lexer) Int() (int, bool) {
	if !l.IsInt() {
		return 0, false
	}
	v := int(l.Token.Value.Lo)
	l.Next()
	return v, true
}

// ForceInt is Int, and an error when there is no such integer.
func (l *Lexer) ForceInt() (int, bool) {
	v, ok := l.Int()
	if !ok {
		l.SyntaxErrorf("expecting small integer")
	}
	return v, ok
}

// Failed says whether there was an error.
func (l *Lexer) Failed() bool { return l.err != nil }

// Err is the first error, nil if there was none. It is an *Error.
func (l *Lexer) Err() error {
	if l.err == nil {
		return nil
	}
	return l.err
}

// Errorf reports an error at the current token. When that is no token at all, the error says so instead: nothing accepts a
// bad token, so whatever the parser came to say is a consequence of it.
func (l *Lexer) Errorf(format string, args ...any) {
	switch {
	case l.err != nil:
	case l.Token.Kind == Bad:
		l.err = &Error{Text: l.Token.Text, Offset: l.start}
	default:
		l.err = &Error{Text: fmt.Sprintf(format, args...), Offset: l.start}
	}
}

// SyntaxErrorf is Errorf with "Syntax error at" and the current token in front, and a full stop behind.
func (l *Lexer) SyntaxErrorf(format string, args ...any) {
	if l.err != nil {
		return
	}
	var b strings.Builder
	b.WriteString("Syntax error at ")
	if l.Token.Kind == End {
		b.WriteString("end of input ")
	} else {
		fmt.Fprintf(&b, "`%s' ", l.Source())
	}
	fmt.Fprintf(&b, format, args...)
	l.Errorf("%s.", b.String())
}
