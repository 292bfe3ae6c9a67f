package vectors

import (
	"encoding/json"
	"fmt"
)

func checkSymtab(v *version) check {
	symtab := v.symtab()
	return func(line []byte) error {
		var c struct{ Name, Expected string }
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		s := symtab.Lookup(c.Name)
		if s == nil {
			return fmt.Errorf("no symbol %s", c.Name)
		}
		return differs("definition", s.Definition(), c.Expected)
	}
}
