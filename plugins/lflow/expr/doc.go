// Package expr turns matches of logical flows into OpenFlow matches: the expression language of OVN (ovn-sb(5), column match of
// table Logical_Flow).
//
// A match goes through stages. Each works on the Expr in place, in this order:
//
//	e, err := expr.Parse(text, env)   // the text, with the values of address sets and port groups
//	e.And(prereqs)                    // what the actions need, if anything
//	err = e.Annotate(env.Symtab)      // prerequisites added, predicates and subfields replaced by what they stand for
//	e.Simplify(d.Negation)            // only == comparisons are left
//	e.EvaluateConditions(resident)    // is_chassis_resident() replaced by its value
//	err = e.Normalize(d, limit)       // OR of ANDs of comparisons and of alternatives for one field
//	list, err := e.Matches(…)         // OpenFlow matches, with conjunctions where there are several sets of alternatives
//
// Compiler does all of it and uses its memory again; Compiler.Explain shows each stage, and Expr.String prints any as OVN does.
// Everything before EvaluateConditions depends on the text and the sets alone, and Clone keeps it for another datapath or another
// state of ports. ConstantSet.Part is for who wants to know what a few members of a large set come to (part.go). Packet, Evaluate, Hit and ParseMicroflow are for tests and tools that ask what a match means.
//
// The same symbols serve the language of actions: ParseField, ParseConstant, ParseConstantSet and Field are its building
// blocks, and prerequisites of actions are collected in an Expr.
//
// Nothing here is safe for concurrent use but Symtab, Symbol and ConstantSet, which do not change once they are made.
// Errors of text have OVN's words and are *lex.Error, which Is lex.ErrSyntax; a match that would take too many flows is a
// *LimitError, which Is ErrLimit. What OVN prints and compiles is the reference; where versions differ, package dialect says so.
package expr
