package lex

import "math/bits"

// Kind says what a token is.
type Kind uint8

const (
	End Kind = iota // the end of the text

	ID            // tcp.src
	String        // "eth0"
	Integer       // 12345, 0x1234, 1.2.3.4, ::1, 01:23:45:67:89:ab
	MaskedInteger // 1.2.3.0/24 and the like
	Macro         // $name, an address set
	PortGroup     // @name
	Template      // ^name, a template variable
	Bad           // something that is no token: Text says why

	LParen    // (
	RParen    // )
	LCurly    // {
	RCurly    // }
	LSquare   // [
	RSquare   // ]
	EQ        // ==
	NE        // !=
	LT        // <
	LE        // <=
	GT        // >
	GE        // >=
	Not       // !
	And       // &&
	Or        // ||
	Ellipsis  // ..
	Comma     // ,
	Semicolon // ;
	Equals    // =
	Exchange  // <->
	Decrement // --
	Colon     // :
	Hyphen    // -
)

// symbols are the kinds that are always written the same way.
var symbols = [...]string{
	End: "$", LParen: "(", RParen: ")", LCurly: "{", RCurly: "}", LSquare: "[", RSquare: "]", EQ: "==", NE: "!=", LT: "<",
	LE: "<=", GT: ">", GE: ">=", Not: "!", And: "&&", Or: "||", Ellipsis: "..", Comma: ",", Semicolon: ";", Equals: "=",
	Exchange: "<->", Decrement: "--", Colon: ":", Hyphen: "-",
}

// Format is the way an integer was written, and is to be printed.
type Format uint8

const (
	Decimal Format = iota
	Hexadecimal
	IPv4
	IPv6
	Ethernet
)

// Bits is the width that a value written in the format has, 0 for one that is as wide as its value.
func (f Format) Bits() int {
	switch f {
	case IPv4:
		return 32
	case IPv6:
		return 128
	case Ethernet:
		return 48
	}
	return 0
}

// Token is one token.
type Token struct {
	Kind   Kind
	Format Format // of Integer and MaskedInteger
	// Text is the name in ID, Macro, PortGroup and Template, without the character in front; what is between the quotes of a
	// String, unescaped; and of Bad what is wrong. It may be part of the text that is lexed. Of an Integer that does not fit into
	// Value, which then has its low 128 bits, it is how it is printed, and of a MaskedInteger how its mask is.
	Text string
	// Value and Mask are those of Integer and MaskedInteger.
	// Invariant: Value has no one bit where the Mask of a MaskedInteger has none.
	Value, Mask Value
}

// Bits is how many bits it takes to write an Integer, or the mask of a MaskedInteger.
func (t *Token) Bits() int {
	v := t.Value
	switch {
	case t.Text != "":
		return 4*(len(t.Text)-len("0x0")) + bits.Len8(hexDigit(t.Text[2]))
	case t.Kind == MaskedInteger:
		v = t.Mask
	}
	return v.Len()
}
