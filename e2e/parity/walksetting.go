package parity

import (
	"fmt"
	"strings"
)

// A setting is what is set on a row, and removed again, at once: words COLUMN:KEY=VALUE or COLUMN=VALUE. In values, NET is the number
// of the switch's network, NEW a number not used before, and CHASSIS the name of one.
type setting []string

// set sets or removes one of some settings of a row.
func (w *walker) set(tool, table, row string, net int, all []setting) []Command {
	c := Command{Tool: tool}
	s := one(w, all...)
	if w.in(3) {
		for _, word := range s {
			what, _, _ := strings.Cut(word, "=")
			column, key, isKey := strings.Cut(what, ":")
			if isKey {
				c.Args = append(c.Args, "--", "remove", table, row, column, key)
			} else {
				c.Args = append(c.Args, "--", "clear", table, row, column)
			}
		}
		c.Args = c.Args[1:]
		return []Command{c}
	}
	w.names++
	values := strings.NewReplacer("NET", fmt.Sprint(net), "NEW", fmt.Sprint(w.names), "CHASSIS", w.anyChassis())
	c.Args = []string{"set", table, row}
	for _, word := range s {
		what, value, _ := strings.Cut(word, "=")
		if value = values.Replace(value); strings.ContainsAny(value, " :\"{") {
			value = quoted(value)
		}
		c.Args = append(c.Args, what+"="+value)
	}
	return []Command{c}
}
