package dialect

import (
	"reflect"
	"testing"

	"github.com/flowhost/flowhost/sdk/flow"
)

func TestByName(t *testing.T) {
	for _, d := range []*Dialect{Default(), OVN2303(), OVN2603()} {
		if found, ok := ByName(d.Name); !ok || !reflect.DeepEqual(found, d) {
			t.Errorf("%s is not found by its name", d.Name)
		}
	}
	if _, ok := ByName("ovn-1.0"); ok {
		t.Error("ovn-1.0 is found")
	}
}

// Tables of one version are told apart, those of package pipeline and those of actions.
func TestTablesAreDistinct(t *testing.T) {
	for _, d := range []*Dialect{Default(), OVN2303(), OVN2603()} {
		seen := make(map[flow.TableID]string)
		for _, tables := range []reflect.Value{reflect.ValueOf(d.Actions.Tables), reflect.ValueOf(d.Pipeline.Tables)} {
			for i := range tables.NumField() {
				id, name := flow.TableID(tables.Field(i).Uint()), tables.Type().Field(i).Name
				if other, ok := seen[id]; ok && id != 0 {
					t.Errorf("%s: %s and %s are both table %d", d.Name, name, other, id)
				}
				seen[id] = name
			}
		}
	}
}

// The default takes the better way wherever one is known.
func TestDefaultHasNoDefects(t *testing.T) {
	d, a := Default(), Default().Actions
	if d.KeepSubsets || d.OverwriteSharedFields || d.LoseUnsendable || d.KeepDeadClauses || d.MistypedHopLimit || d.PassSolicitations ||
		a.RestoreOverResult || a.DecimalKeys || a.ShortSuffixes {
		t.Errorf("%+v", d)
	}
}
