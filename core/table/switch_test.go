package table

import (
	"cmp"
	"maps"
	"slices"

	"github.com/flowhost/flowhost/sdk/flow"
)

// switchModel is what a switch is to the table: it does what it is sent, or refuses it, and can be dumped.
type switchModel struct {
	flows   map[flow.Key]Dumped
	objects map[Object]Body
	refuse  func(Change) *SwitchError // nil: nothing is refused
	lost    []flow.Key                // flows that went because their group or meter did
}

// What it says to a flow that names a group or a meter which is not there.
const (
	missingGroup = "OFPBAC_BAD_OUT_GROUP"
	missingMeter = "OFPMMFC_INVALID_METER"
)

func newSwitchModel() *switchModel {
	return &switchModel{flows: make(map[flow.Key]Dumped), objects: make(map[Object]Body)}
}

func (s *switchModel) clone() *switchModel {
	return &switchModel{flows: maps.Clone(s.flows), objects: maps.Clone(s.objects), refuse: s.refuse}
}

// do does a change as Open vSwitch does.
func (s *switchModel) do(c Change) *SwitchError {
	if s.refuse != nil {
		if err := s.refuse(c); err != nil {
			return err
		}
	}
	for _, x := range referencesOf(c.Flow.Actions).objects {
		if _, ok := s.objects[x]; !ok && !c.Kind.deletes() {
			return &SwitchError{Text: map[ObjectKind]string{Group: missingGroup, Meter: missingMeter}[x.Kind]}
		}
	}
	switch c.Kind {
	case GroupAdd, MeterAdd:
		if _, ok := s.objects[c.Object]; ok {
			return &SwitchError{Text: "OFPGMFC_GROUP_EXISTS"}
		}
		s.objects[c.Object] = c.Body
	case GroupModify, MeterModify:
		if _, ok := s.objects[c.Object]; !ok {
			return &SwitchError{Text: "OFPGMFC_UNKNOWN_GROUP"}
		}
		s.objects[c.Object] = c.Body
	case GroupDelete, MeterDelete:
		delete(s.objects, c.Object)
		s.lost = append(s.lost, s.removeNaming(c.Object)...)
	case FlowAdd:
		s.flows[c.Flow.Key] = Dumped{Flow: c.Flow}
	case FlowModify:
		if f, ok := s.flows[c.Flow.Key]; ok { // else nothing happens, and it is no error
			f.Actions = c.Flow.Actions
			s.flows[c.Flow.Key] = f
		}
	case FlowDelete:
		delete(s.flows, c.Flow.Key)
	}
	return nil
}

// removeNaming removes the flows that name an object, as it goes, and returns their keys.
func (s *switchModel) removeNaming(x Object) (keys []flow.Key) {
	for _, f := range s.dump() {
		if slices.Contains(referencesOf(f.Actions).objects, x) {
			delete(s.flows, f.Key)
			keys = append(keys, f.Key)
		}
	}
	return keys
}

// dump returns all flows in the order in which the table shows them.
func (s *switchModel) dump() []Dumped {
	var all []Dumped
	for _, f := range s.flows {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b Dumped) int { return compareKeys(a.Key, b.Key) })
	return all
}

func compareKeys(a, b flow.Key) int {
	return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Match, b.Match))
}
