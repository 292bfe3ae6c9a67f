// Package lex is the lexer of OVN's two languages: the matches and the actions of logical flows (ovn-sb(5), Logical_Flow).
//
// A Lexer walks over one text. It always holds one current Token, the first right after New:
//
//	l := lex.New(`ip4.dst == 10.0.0.0/8`)
//	for l.Token.Kind != lex.End {
//		l.Next()
//	}
//
// Errors are sticky: the first one stays, later ones are dropped, because they only follow from it. A parser may therefore go
// on until it is convenient to stop, and asks Err at the end. The words of an error are those of OVN, so that what people
// know and look up about OVN holds.
//
// A text may name template variables (^name). They are expanded before anything else, with ExpandTemplates.
package lex
