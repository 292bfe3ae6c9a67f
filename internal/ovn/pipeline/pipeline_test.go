package pipeline

import (
	"testing"

	"github.com/flowhost/flowhost/sdk/flow"
)

// The tables of one version are told apart, and can be written by a source.
func TestTablesAreDistinct(t *testing.T) {
	for name, p := range map[string]*Pipeline{"23.03": OVN2303(), "26.03": OVN2603()} {
		seen := map[flow.TableID]bool{}
		for _, table := range []flow.TableID{p.Tables.MACBinding, p.Tables.MACLookup, p.Tables.GetFDB, p.Tables.LookupFDB} {
			if seen[table] || table > flow.MaxTable {
				t.Errorf("OVN %s: table %d is used twice, or is none", name, table)
			}
			seen[table] = true
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
