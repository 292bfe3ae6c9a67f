package table

import (
	"fmt"

	"github.com/flowhost/flowhost/sdk/flow"
)

// references are what a list of actions reaches beyond its own flow.
type references struct {
	objects []Object // groups and meters that it names
	learns  []LearnTarget
}

// LearnTarget is where a learn action puts flows: enough to know them by.
type LearnTarget struct {
	Table    flow.TableID
	Priority flow.Priority
	Cookie   flow.Cookie
}

// referencesOf collects what canonical actions name, nested ones included. Most name nothing, which costs no allocation.
func referencesOf(a flow.Actions) (r references) {
	for ref := range a.Refs() {
		switch ref.Kind {
		case flow.RefGroup:
			r.objects = append(r.objects, Object{Group, ref.ID})
		case flow.RefMeter:
			r.objects = append(r.objects, Object{Meter, ref.ID})
		case flow.RefLearned:
			r.learns = append(r.learns, LearnTarget{ref.Table, ref.Priority, ref.Cookie})
		}
	}
	return r
}

func (r *references) none() bool { return len(r.objects)+len(r.learns) == 0 }

// reach checks what actions name against the fence. refers says whether they name a group or a meter.
func (o *OwnerSpec) reach(a flow.Actions) (refers bool, err error) {
	for ref := range a.Refs() {
		if err := o.reachRef(ref); err != nil {
			return false, err
		}
		refers = refers || ref.Kind == flow.RefGroup || ref.Kind == flow.RefMeter
	}
	return refers, nil
}

// reachRef checks one thing that is named against the fence.
func (o *OwnerSpec) reachRef(ref flow.Ref) error {
	switch {
	case ref.Kind == flow.RefConjunction && !inRanges(o.Conjunctions, ref.ID):
		return fmt.Errorf("%w: conjunction id %d", ErrFenced, ref.ID)
	case ref.Kind == flow.RefGroup && !inRanges(o.Groups, ref.ID):
		return fmt.Errorf("%w: group %d", ErrFenced, ref.ID)
	case ref.Kind == flow.RefMeter && !inRanges(o.Meters, ref.ID):
		return fmt.Errorf("%w: meter %d", ErrFenced, ref.ID)
	case ref.Kind == flow.RefLearned:
		return o.reachLearned(ref)
	case ref.Kind == flow.RefController && !o.PacketIn.Has(uint16(ref.ID), ref.UserData):
		return fmt.Errorf("%w: packets to controller %d with user data %x", ErrFenced, ref.ID, ref.UserData)
	case ref.Kind == flow.RefTimeout:
		return fmt.Errorf("%w: fin_timeout: a flow that ends by itself is not desired state", ErrBadActions)
	}
	return nil
}

// reachLearned checks where a learn action puts flows.
func (o *OwnerSpec) reachLearned(ref flow.Ref) error {
	switch {
	case !inRanges(o.Tables, ref.Table):
		return fmt.Errorf("%w: learn into table %d", ErrFenced, ref.Table)
	case !inRanges(o.Priorities, ref.Priority):
		return fmt.Errorf("%w: learn with priority %d", ErrFenced, ref.Priority)
	case ref.Cookie>>32 != flow.Cookie(o.Slot)<<24:
		return fmt.Errorf("%w: learn with cookie %#x, which is not in slot %d", ErrFenced, uint64(ref.Cookie), o.Slot)
	}
	return nil
}
