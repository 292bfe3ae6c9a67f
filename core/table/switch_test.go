package table

import (
	"cmp"
	"slices"

	"github.com/flowhost/flowhost/sdk/flow"
)

// switchModel is what a switch is to the table: it does what it is sent, or refuses it, and can be dumped.
type switchModel struct {
	flows  map[flow.Key]Dumped
	refuse func(Change) *SwitchError // nil: nothing is refused
}

func newSwitchModel() *switchModel { return &switchModel{flows: make(map[flow.Key]Dumped)} }

// do does a change as Open vSwitch does.
func (s *switchModel) do(c Change) *SwitchError {
	if s.refuse != nil {
		if err := s.refuse(c); err != nil {
			return err
		}
	}
	switch c.Kind {
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
