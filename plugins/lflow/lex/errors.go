package lex

import "errors"

// ErrSyntax is what every error of a text is, whatever found it: the lexer, or one of the two parsers.
var ErrSyntax = errors.New("bad logical flow text")

// Error says what is wrong with a text, in OVN's words, and where it was noticed. It Is ErrSyntax.
type Error struct {
	Text   string // the whole message, such as "Syntax error at `x' expecting `)'."
	Offset int    // of the token at which it was noticed, in bytes from the start of the text
}

func (e *Error) Error() string { return e.Text }

// Is makes every Error an ErrSyntax.
func (e *Error) Is(target error) bool { return target == ErrSyntax }
