package action

import (
	"fmt"
	"slices"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
)

// Env is what names in actions mean. It is made by New and not changed afterwards.
type Env struct {
	dialect *dialect.Dialect
	symtab  *expr.Symtab
	tables  OptionTables

	statements map[string]statement
	values     map[string]value
	prereqs    map[string]*expr.Expr // by their text
	headers    headers
}

// statement reads an action that begins with its name, from behind the name on.
type statement func(p *parser) action

// value reads an action that gives dst a value, "dst = name(…)". The name is the current token.
type value struct {
	read func(p *parser, dst expr.Field) action
	// bare values are recognised by their name alone; others need a parenthesis, or else the name is taken for a field.
	bare bool
}

// releases says which versions have an action or an option.
type releases uint8

const (
	always releases = iota
	in2303
	in2603
)

func (r releases) have(d *dialect.Dialect) bool {
	return r == always || r == in2303 && d.Release == dialect.Release2303 || r == in2603 && d.Release == dialect.Release2603
}

// New makes an Env with the actions of the dialect. The symbol table is that of matches, complete. It fails when the table lacks a
// symbol that actions need.
func New(d *dialect.Dialect, symtab *expr.Symtab, tables OptionTables) (*Env, error) {
	e := &Env{
		dialect: d, symtab: symtab, tables: tables,
		statements: make(map[string]statement), values: make(map[string]value), prereqs: make(map[string]*expr.Expr),
		headers: newHeaders(),
	}
	for _, row := range statements() {
		if row.in.have(d) {
			e.statements[row.name] = row.read
		}
	}
	for _, row := range values() {
		if row.in.have(d) {
			e.values[row.name] = row.value
		}
	}
	for _, text := range []string{"ip", "ip4", "ip6", "tcp", "udp", "sctp", "nd_ns"} {
		needs := new(expr.Expr)
		if err := expr.ParsePrereqs(text, symtab, needs); err != nil {
			return nil, fmt.Errorf("prerequisite %s: %w", text, err)
		}
		e.prereqs[text] = needs
	}
	return e, nil
}

type statementRow struct {
	name string
	read statement
	in   releases
}

type valueRow struct {
	name string
	value
	in releases
}

// statements are all actions that begin with their name.
func statements() []statementRow {
	return slices.Concat(basicStatements(), conntrackStatements(), nestedStatements(), neighborStatements(), controllerStatements(),
		tableStatements())
}

// values are all actions that give a field a value.
func values() []valueRow {
	return slices.Concat(resultValues(), neighborValues(), optionValues())
}
