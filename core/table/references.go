package table

import (
	"encoding/binary"
	"fmt"

	"github.com/flowhost/flowhost/sdk/flow"
)

// references are what a list of actions reaches beyond its own flow.
type references struct {
	objects []Object // groups and meters that it names
	learns  []LearnTarget
}

func (r *references) none() bool { return len(r.objects)+len(r.learns) == 0 }

// LearnTarget is where a learn action puts flows: enough to know them by.
type LearnTarget struct {
	Table    flow.TableID
	Priority flow.Priority
	Cookie   flow.Cookie
}

// Types on the wire (OpenFlow 1.5 §7.2.4, §7.2.5) and Nicira subtypes (ovs-actions(7)) of what names a group or a meter, or
// has actions inside.
const (
	instructionWriteActions = 3
	instructionApplyActions = 4
	instructionMeter        = 6
	actionGroup             = 22
	actionMeter             = 29
	actionExperimenter      = 0xffff
	niciraExperimenter      = 0x2320
	niciraLearn             = 16
	niciraCT                = 35
	niciraController2       = 37
	niciraClone             = 42
	niciraLearn2            = 45
	controllerMeterID       = 5 // a property of controller2
)

// referencesOf walks canonical instructions, and what is nested in them. Most name nothing, which costs no allocation.
func referencesOf(a flow.Actions) (r references) {
	for s := string(a); len(s) >= 8; {
		kind, body, rest := tlv(s)
		switch kind {
		case instructionApplyActions, instructionWriteActions:
			r.actions(body[4:])
		case instructionMeter:
			r.objects = append(r.objects, Object{Meter, be32(body, 0)})
		}
		s = rest
	}
	return r
}

// actions walks a list of actions.
func (r *references) actions(s string) {
	for len(s) >= 8 {
		kind, body, rest := tlv(s)
		switch kind {
		case actionGroup:
			r.objects = append(r.objects, Object{Group, be32(body, 0)})
		case actionMeter:
			r.objects = append(r.objects, Object{Meter, be32(body, 0)})
		case actionExperimenter:
			if be32(body, 0) == niciraExperimenter && len(body) >= 12 {
				r.nicira(be16(body, 4), body)
			}
		}
		s = rest
	}
}

// nicira walks an action of Open vSwitch's own; body is the action without its first 4 bytes.
func (r *references) nicira(subtype uint16, body string) {
	switch {
	case subtype == niciraClone:
		r.actions(body[12:])
	case subtype == niciraCT && len(body) >= 20:
		r.actions(body[20:])
	case (subtype == niciraLearn || subtype == niciraLearn2) && len(body) >= 28:
		// idle(2) hard(2) priority(2) cookie(8) flags(2) table(1)
		r.learns = append(r.learns, LearnTarget{
			Priority: flow.Priority(be16(body, 10)),
			Cookie:   flow.Cookie(binary.BigEndian.Uint64([]byte(body[12:20]))),
			Table:    flow.TableID(body[22]),
		})
	case subtype == niciraController2:
		for s := body[12:]; len(s) >= 8; {
			kind, property, rest := tlv(s)
			if kind == controllerMeterID {
				r.objects = append(r.objects, Object{Meter, be32(property, 0)})
			}
			s = rest
		}
	}
}

// tlv splits off a type, a length and what they head. A length that cannot be ends the walk.
func tlv(s string) (kind uint16, body, rest string) {
	n := int(be16(s, 2))
	if n < 8 || n > len(s) {
		return 0, s[4:], ""
	}
	return be16(s, 0), s[4:n], s[min((n+7)&^7, len(s)):]
}

func be16(s string, i int) uint16 { return uint16(s[i])<<8 | uint16(s[i+1]) }

func be32(s string, i int) uint32 { return uint32(be16(s, i))<<16 | uint32(be16(s, i+2)) }

// reaches checks what actions reach against the fence.
func (o *owner) reaches(r *references) error {
	for _, x := range r.objects {
		if !inRanges(o.ranges(x.Kind), x.ID) {
			return fmt.Errorf("%w: %s", ErrFenced, x)
		}
	}
	for _, l := range r.learns {
		switch {
		case !inRanges(o.Tables, l.Table):
			return fmt.Errorf("%w: learn into table %d", ErrFenced, l.Table)
		case !inRanges(o.Priorities, l.Priority):
			return fmt.Errorf("%w: learn with priority %d", ErrFenced, l.Priority)
		case l.Cookie>>32 != flow.Cookie(o.Slot)<<24:
			return fmt.Errorf("%w: learn with cookie %#x, which is not in slot %d", ErrFenced, uint64(l.Cookie), o.Slot)
		}
	}
	return nil
}
