package pipeline

import (
	"reflect"
	"testing"

	"github.com/flowhost/flowhost/sdk/flow"
)

// The tables of one version are told apart, and can be written by a source.
func TestTablesAreDistinct(t *testing.T) {
	for name, p := range map[string]*Pipeline{"23.03": OVN2303(), "26.03": OVN2603()} {
		seen := map[flow.TableID]string{}
		tables := reflect.ValueOf(p.Tables)
		for i := range tables.NumField() {
			what, table := tables.Type().Field(i).Name, tables.Field(i).Interface().(flow.TableID)
			if other, taken := seen[table]; taken || table > flow.MaxTable {
				t.Errorf("OVN %s: table %d of %s is used twice, by %s, or is none", name, table, what, other)
			}
			seen[table] = what
		}
	}
}

// A caller that changes its value must not change another's.
func TestValuesAreNotShared(t *testing.T) {
	OVN2303().Tables.MACBinding = 1
	if got := OVN2303().Tables.MACBinding; got != 66 {
		t.Errorf("OVN 23.03 has MAC bindings in table %d, want 66", got)
	}
}
