package expr

// EvaluateConditions replaces is_chassis_resident("port") by its value, which depends on where the port is bound at the moment.
func (e *Expr) EvaluateConditions(resident func(port string) bool) {
	if e.root != 0 {
		e.root = e.evaluateConditions(e.root, resident)
	}
}

func (e *Expr) evaluateConditions(id nodeID, resident func(port string) bool) nodeID {
	n := &e.nodes[id]
	if n.kind == kindCondition {
		value := resident(e.strings[n.value.Lo]) != n.not
		e.releaseOne(id)
		return e.boolean(value)
	}
	if !n.branch() {
		return id
	}
	for c := e.take(id); c != 0; {
		next := e.nodes[c].next
		e.push(id, e.evaluateConditions(c, resident))
		c = next
	}
	return e.fix(id)
}

// Conditions calls f with the port of each is_chassis_resident(): what the value of the expression depends on beside its text and
// sets.
func (e *Expr) Conditions(f func(port string)) {
	if e.root != 0 {
		e.conditions(e.root, f)
	}
}

func (e *Expr) conditions(id nodeID, f func(port string)) {
	n := &e.nodes[id]
	if n.kind == kindCondition {
		f(e.strings[n.value.Lo])
	}
	for c := n.first; c != 0; c = e.nodes[c].next {
		e.conditions(c, f)
	}
}
