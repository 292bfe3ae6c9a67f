package expr

import "github.com/flowhost/flowhost/plugins/lflow/lex"

// scratch is memory that stages use again. None of it outlives a call.
type scratch struct {
	lexer     lex.Lexer
	constants []Constant
	sorted    []sorted
	budget    budget
	crusher   crusher
	matcher   matcher
}
