package action

import (
	"fmt"
	"slices"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Options is what the OpenFlow actions of a logical flow depend on beside its text. Functions that are nil know nothing.
type Options struct {
	Switch   bool     // the datapath is a logical switch, not a router
	Datapath uint32   // its tunnel key
	UUID     [16]byte // of the logical flow
	// SNATZone is set when the common zone for NAT of the datapath is that of SNAT (ovn-sb(5), Datapath_Binding,
	// external_ids:snat-ct-zone).
	SNATZone bool

	// Port is the tunnel key of a logical port or multicast group.
	Port func(name string) (key uint32, ok bool)
	// TunnelPort is the OpenFlow port of the tunnel to where a logical port is.
	TunnelPort func(name string) (port flow.Port, ok bool)
	// Resident says whether a logical port is on this chassis. nil takes all to be.
	Resident func(port string) bool
	// Collector says whether there is a set of IPFIX collectors with this id (ovs-vswitchd.conf.db(5), Flow_Sample_Collector_Set).
	Collector func(id uint32) bool

	// Group is the id of the group with this text. The same text must have the same id; NewGroup makes the group of it.
	Group func(text string) (id flow.GroupID, ok bool)
	// Meter is the id of the meter with this text, for which NewMeter is, or with this name in OVN's Meter table.
	Meter func(text string) (id flow.MeterID, ok bool)
	// ControllerMeter limits what goes to controllers, 0 for no meter.
	ControllerMeter flow.MeterID

	// What the datapath supports.
	Meters        bool // meters
	ZeroSNAT      bool // SNAT to the address a packet has, without collisions: commits then ask for it
	SymmetricHash bool // dp_hash over layer 4 that is the same in both directions
}

// Encode makes OpenFlow actions of the list, for one datapath. The list stays as it is.
func (l *List) Encode(o *Options) (flow.Actions, error) {
	if len(l.actions) == 0 {
		return "", nil
	}
	e := &l.encoder
	e.wire = wire{b: append(e.b[:0], 0, instructionApply, 0, 0, 0, 0, 0, 0), headers: l.env.headers}
	e.dialect, e.Options, e.place, e.err = l.env.dialect, o, &l.place, nil
	for _, a := range l.actions {
		a.encode(e)
	}
	e.Options = nil
	switch {
	case e.err != nil:
		return "", e.err
	case len(e.b) > maxLength:
		return "", fmt.Errorf("%w: %d bytes", ErrTooLong, len(e.b))
	case len(e.b) == instructionHead:
		return "", nil // whatever there was needs no actions here, such as a port that is not known
	}
	e.putLength(0)
	return flow.Actions(e.b), nil
}

const (
	instructionApply = 4 // OFPIT_APPLY_ACTIONS (OpenFlow 1.5 §7.2.4), type(2) length(2) zeros(4)
	instructionHead  = 8
	maxLength        = 65528
)

// encoder encodes one list. The first error stays.
type encoder struct {
	wire
	*Options
	dialect *dialect.Dialect
	place   *Place
	err     error
}

func (e *encoder) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// tables are those that actions use beside those of the pipeline.
func (e *encoder) tables() *dialect.Tables       { return &e.dialect.Actions.Tables }
func (e *encoder) registers() *dialect.Registers { return &e.dialect.Actions.Registers }

// first is the OpenFlow table of a pipeline's first.
func (e *encoder) first(p Pipeline) flow.TableID {
	if p == Egress {
		return e.dialect.Pipeline.Tables.LogEgress
	}
	return e.dialect.Pipeline.Tables.LogIngress
}

// table is the OpenFlow table of a logical one.
func (e *encoder) table(t target) flow.TableID { return e.first(t.pipeline) + flow.TableID(t.table) }

// output is where the pipeline leads to.
func (e *encoder) output() flow.TableID {
	if e.place.Pipeline == Egress {
		return e.dialect.Pipeline.Tables.SaveInport
	}
	return e.dialect.Pipeline.Tables.LargePacketDetect
}

// zone is the register with the conntrack zone of the port a packet came in by or goes out by, of a router its zone for DNAT.
func (e *encoder) zone() *flow.Field { return e.zoneOf(false) }

func (e *encoder) zoneOf(snat bool) *flow.Field {
	switch p := e.dialect.Pipeline; {
	case e.Switch:
		return p.Zone
	case snat:
		return p.SNATZone
	default:
		return p.DNATZone
	}
}

func (e *encoder) port(name string) (uint32, bool) {
	if e.Port == nil {
		return 0, false
	}
	return e.Port(name)
}

// part is where a logical field is in OpenFlow.
func part(f expr.Field) flow.Part {
	s := f.Resolve()
	return s.Field.Part(s.Offset, s.Bits)
}

// group puts an action to the group with this text. One that is none, or that no message holds, gets no id: a flow that names a group
// that is not there would be refused, and all of its transaction with it.
func (e *encoder) group(text []byte) {
	if _, err := NewGroup(1, string(text)); err != nil {
		e.fail(err)
		return
	}
	if e.Group != nil {
		if id, ok := e.Group(string(text)); ok {
			e.uint32s(typeGroup<<16|8, uint32(id))
			return
		}
	}
	e.fail(fmt.Errorf("%w for %s", ErrNoGroup, text))
}

// meter is the id of the meter with this text or name. A text that is no meter's gets none, for the same reason.
func (e *encoder) meter(text string) (flow.MeterID, bool) {
	if IsMeterText(text) {
		if _, err := NewMeter(1, text); err != nil {
			e.fail(err)
			return 0, false
		}
	}
	if e.Meter != nil {
		if id, ok := e.Meter(text); ok {
			return id, true
		}
	}
	e.fail(fmt.Errorf("%w for %s", ErrNoMeter, text))
	return 0, false
}

// put appends an action as package flow makes it.
func (e *encoder) put(a flow.Action) {
	actions, err := flow.NewActions(a)
	if err != nil {
		e.fail(err)
		return
	}
	e.b = append(e.b, actions[instructionHead:]...)
}

// The order in which arguments are saved, set and restored follows OVN, encode_setup_args and encode_restore_args.

// argument is a value that a table or controller looks for in a certain field.
type argument struct {
	src flow.Part
	dst *flow.Field
}

// arguments leaves out those that are where they should be: nothing is to be done for them.
func arguments(list ...argument) []argument {
	return slices.DeleteFunc(list, func(a argument) bool { return a.src.Field == a.dst })
}

// setUp brings arguments to where they are looked for, and saves what was there.
func (e *encoder) setUp(args []argument) {
	for _, a := range args {
		e.push(a.dst.Whole())
	}
	for _, a := range slices.Backward(args) {
		e.push(a.src)
	}
	for _, a := range args {
		e.pop(a.dst.Whole())
	}
}

// restore brings back what setUp has saved.
func (e *encoder) restore(args []argument) {
	for _, a := range slices.Backward(args) {
		e.pop(a.dst.Whole())
	}
}
