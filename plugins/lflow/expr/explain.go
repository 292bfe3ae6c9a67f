package expr

// Explain compiles a match as Compile and Matches do, and shows what it is at each stage: its name (parse, annotate, simplify,
// normalize) and the expression, and then "flow" and the text of each flow. It is for people and tests. The error is that of the
// first stage that fails, whose name is returned.
func (c *Compiler) Explain(match string, prereqs *Expr, o *MatchOptions, show func(stage, text string)) (failed string, err error) {
	e, err := Parse(match, &c.Env)
	if err != nil {
		return "parse", err
	}
	e.And(prereqs)
	show("parse", e.String())
	if err := e.Annotate(c.Env.Symtab); err != nil {
		return "annotate", err
	}
	show("annotate", e.String())
	e.Simplify(c.Dialect.Negation)
	e.EvaluateConditions(c.resident)
	show("simplify", e.String())
	if err := e.Normalize(c.Dialect, c.Limit); err != nil {
		return "normalize", err
	}
	show("normalize", e.String())
	matches, err := e.Matches(c.Dialect, o)
	if err != nil {
		return "flows", err
	}
	for i := range matches {
		m := &matches[i]
		text := m.Text()
		if m.asked != nil {
			text += "   sent as: " + m.Match.String()
		}
		if m.Address != nil {
			text += "   for an address of $" + m.Address.Set
		}
		show("flow", text)
	}
	return "", nil
}
