package expr

import "github.com/flowhost/flowhost/plugins/lflow/dialect"

// Compiler brings matches of logical flows to their last stage, and uses its memory for one after the other.
type Compiler struct {
	Env     Env
	Dialect *dialect.Dialect
	// Resident is the value of is_chassis_resident(). nil takes no port to be resident.
	Resident func(port string) bool
	// Limit is the most flows for one match, DefaultLimit if it is 0.
	Limit int

	expr Expr
}

// Compile makes the normalized expression of a match and of what the actions need (nil for nothing). It is the compiler's: good
// until the next call. After an error it is empty, but for what it depends on, AddressSets and PortGroups. ErrEntangled is for matches
// with parts of sets only.
func (c *Compiler) Compile(match string, prereqs *Expr) (*Expr, error) {
	e := &c.expr
	if err := e.Parse(match, &c.Env); err != nil {
		return e, err
	}
	e.And(prereqs)
	if err := e.Annotate(c.Env.Symtab); err != nil {
		return e, err
	}
	e.Simplify(c.Dialect.Negation)
	e.EvaluateConditions(c.resident)
	e.tellApart()
	if err := e.Normalize(c.Dialect, c.Limit); err != nil {
		return e, err
	}
	return e, e.partsError()
}

func (c *Compiler) resident(port string) bool { return c.Resident != nil && c.Resident(port) }
