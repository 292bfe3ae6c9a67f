package table

import "github.com/flowhost/flowhost/sdk/flow"

// Known returns the table's own copy of a flow that the switch shows, when the actions are byte for byte what an owner wants for its
// key or what the switch is known to hold: such bytes are canonical, and nobody has to decode them. The key must be canonical.
// Nothing is kept or allocated.
func (t *Table) Known(k flow.Key, actions []byte) (own flow.Key, a flow.Actions, ok bool) {
	h := t.findEntry(&k)
	if h == 0 {
		return k, "", false
	}
	e := t.entries.at(h)
	if a := t.actions.at(e.installed); e.installed != 0 && string(a) == string(actions) {
		return e.key(), a, true
	}
	for _, d := range t.contenders(h) {
		if a := t.actions.at(t.desired.at(d).actions); string(a) == string(actions) {
			return e.key(), a, true
		}
	}
	return e.key(), "", false
}
