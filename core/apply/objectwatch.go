package apply

import (
	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// What other connections do to groups and meters the switch tells as request-forwards (OpenFlow 1.5 §7.4.6). What a group mod has
// made of a group it does not say: buckets come and go one by one. So the group is read, and judged by its content like a flow.
// The table holds back what names it meanwhile. That goes for what a flow names, too, that the switch has removed with its group,
// or refused for it.

// requestForward takes the word that another connection has changed a group or a meter.
func (l *Loop) requestForward(m swconn.Message) {
	if l.isEarly(m) {
		return
	}
	f, err := openflow.ParseRequestForward(m.Data)
	if err != nil {
		l.log.Warn("request-forward not understood", "error", err)
		l.sw.monitor.missed = true
		return
	}
	if g, err := openflow.ParseGroupMod(f.Request); err == nil {
		if g.Whole() {
			l.sw.groups.changed(g.ID)
		}
		l.doubt(table.Object{Kind: table.Group, ID: g.ID}, openflow.GroupAll)
	} else if d, err := openflow.ParseMeterMod(f.Request); err == nil {
		l.doubt(table.Object{Kind: table.Meter, ID: d.ID}, openflow.MeterAll)
	} else {
		l.sw.monitor.missed = true
	}
}

// doubt has one object read, or all of its kind.
func (l *Loop) doubt(name table.Object, all uint32) {
	if name.ID == all {
		l.table.DoubtKind(name.Kind)
	} else {
		l.table.Doubt(name)
	}
}

// doubtMissing has read what a refused change names, if the switch says that it is not there.
func (l *Loop) doubtMissing(c *table.Change, e *table.SwitchError) {
	if e.Text == "OFPBAC_BAD_OUT_GROUP" || e.Text == "OFPMMFC_INVALID_METER" {
		l.table.DoubtNamed(c.Flow.Actions)
	}
}

// readDoubted asks the switch for what the table wants to know.
func (l *Loop) readDoubted() {
	if l.sw.phase < Adopting {
		return
	}
	for _, name := range l.table.Doubted() {
		if name.Kind == table.Group {
			l.readGroup(name.ID, func(r *reading) { l.observed(name, r) })
		} else {
			l.readMeter(name)
		}
	}
}

func (l *Loop) readMeter(name table.Object) {
	var found reading
	l.ask(func(b []byte, xid uint32) []byte {
		return openflow.AppendMeterDescRequest(b, xid, name.ID)
	}, l.whole(func(m swconn.Message) {
		for d, err := range openflow.MeterDescs(m.Data) {
			if err != nil {
				l.dumpFailed(err)
				return
			}
			found.take(meterBody(&d))
		}
	}, func() { l.observed(name, &found) }, func(error) { l.observed(name, &found) })) // OFPMMFC_UNKNOWN_METER
}

// reading is what the switch says of a group or a meter: nothing, if it has none.
type reading struct {
	present bool
	body    table.Body
	err     error // it is not understood, and equals nothing that is desired
}

func (r *reading) take(body table.Body, err error) { *r = reading{true, body, err} }

// observed tells the table what was read.
func (l *Loop) observed(name table.Object, r *reading) {
	l.noteAlien(name, r)
	if l.table.ObservedObject(name, r.present, r.body, l.now()) {
		l.sw.monitor.foreign.note(l, 1, r.present)
	}
}

func (l *Loop) noteAlien(name table.Object, r *reading) {
	if r.err != nil {
		l.log.Warn("not understood", "object", name, "error", r.err)
	}
}

// groupBody is the table's body of a group that the switch has shown.
func groupBody(g *openflow.Group) (table.Body, error) {
	canonical, err := flow.CanonicalGroup(flow.GroupID(g.ID), flow.GroupType(g.Type), g.Buckets, g.Properties)
	return GroupBody(canonical), err
}

// meterBody is the table's body of a meter that the switch has shown.
func meterBody(d *openflow.Meter) (table.Body, error) {
	canonical, err := flow.CanonicalMeter(flow.MeterID(d.ID), flow.MeterFlags(d.Flags), d.Bands)
	return MeterBody(canonical), err
}
