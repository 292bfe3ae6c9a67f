package apply

import (
	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
)

// OVN's Geneve option (ovn-architecture(7), Tunnel Encapsulations): it carries the logical ingress and egress port. The bridge
// maps it to a field tun_metadataN; N is private to the bridge, and sources have to be told.
var ovnOption = openflow.TLVMapping{Class: 0x0102, Type: 0x80, Length: 4}

// NoGeneve is SwitchState.Geneve when the bridge has no field for OVN's option.
const NoGeneve = -1

// geneveTries is how often a lost race with another controller for a field is run again.
const geneveTries = 5

// mapGeneve finds the field that OVN's option is mapped to, or maps it to the one it had in the last connection, or else the
// lowest free one, and goes on with done.
func (l *Loop) mapGeneve(tries int, done func(index int)) {
	l.ask(openflow.AppendTLVTableRequest, func(m swconn.Message) bool {
		table, err := openflow.ParseTLVTable(m.Data)
		if err != nil {
			l.log.Warn("the switch has no Geneve options", "error", l.asError(m, err))
			done(NoGeneve)
			return true
		}
		index, mapped := chooseField(&table, l.sw.lastGeneve)
		switch {
		case mapped:
			done(index)
		case index == NoGeneve:
			l.log.Warn("all fields for Geneve options are taken", "fields", table.MaxFields)
			done(NoGeneve)
		default:
			l.addGeneve(index, tries, done)
		}
		return true
	})
}

// chooseField returns the field that OVN's option has, or the one it should get: preferred if it is free, else the lowest
// free one.
func chooseField(table *openflow.TLVTable, preferred int) (index int, mapped bool) {
	taken := make(map[int]bool)
	for _, m := range table.Mappings {
		if m.Class == ovnOption.Class && m.Type == ovnOption.Type && m.Length == ovnOption.Length {
			return int(m.Index), true
		}
		taken[int(m.Index)] = true
	}
	if preferred != NoGeneve && preferred < int(table.MaxFields) && !taken[preferred] {
		return preferred, false
	}
	for index := range int(table.MaxFields) {
		if !taken[index] {
			return index, false
		}
	}
	return NoGeneve, false
}

// addGeneve maps the option to a field. The mod has no reply: the barrier behind it tells that it was taken, unless its
// error came first. Somebody else may have taken the field, or mapped the option, meanwhile; then it begins anew.
func (l *Loop) addGeneve(index, tries int, done func(int)) {
	mapping := ovnOption
	mapping.Index = uint16(index)
	var refusal error
	l.ask(func(b []byte, xid uint32) []byte {
		return openflow.AppendTLVTableMod(b, xid, openflow.TLVAdd, mapping)
	}, func(m swconn.Message) bool {
		refusal = l.asError(m, nil)
		return true
	})
	l.ask(openflow.AppendBarrierRequest, func(swconn.Message) bool {
		switch {
		case refusal == nil:
			done(index)
		case tries > 0:
			l.mapGeneve(tries-1, done)
		default:
			l.log.Warn("the switch does not map OVN's Geneve option", "error", refusal)
			done(NoGeneve)
		}
		return true
	})
}

// asError is the error that a message is, or err if it is none.
func (l *Loop) asError(m swconn.Message, err error) error {
	if m.Type != openflow.TypeError {
		return err
	}
	e, err := openflow.ParseError(m.Data)
	if err != nil {
		return err
	}
	return &e
}
