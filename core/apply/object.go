package apply

import (
	"encoding/binary"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Bodies of groups and meters, as the table compares them, have this layout; buckets, properties and bands are as on the wire:
//
//	group: type u8 | pad | length of the buckets u16 | buckets | properties
//	meter: flags u16 | pad[2] | bands
const bodyHead = 4

// GroupBody is the table's body of a canonical group.
func GroupBody(g flow.Group) table.Body {
	b := make([]byte, bodyHead, bodyHead+len(g.Buckets)+len(g.Properties))
	b[0] = byte(g.Type)
	binary.BigEndian.PutUint16(b[2:], uint16(len(g.Buckets)))
	return table.Body(append(append(b, g.Buckets...), g.Properties...))
}

// MeterBody is the table's body of a canonical meter.
func MeterBody(m flow.Meter) table.Body {
	b := make([]byte, bodyHead, bodyHead+len(m.Bands))
	binary.BigEndian.PutUint16(b, uint16(m.Flags))
	return table.Body(append(b, m.Bands...))
}

// FlushBody is the table's body of a flush of some connections of a zone: what NXT_CT_FLUSH has behind its header.
func FlushBody(zone uint16, c flow.Connections) table.Body {
	m := openflow.AppendCTFlush(nil, 0, &openflow.CTFlush{
		Zone: zone, Proto: c.Proto, Orig: openflow.CTTuple(c.Orig), Reply: openflow.CTTuple(c.Reply),
	})
	return table.Body(m[openflow.ExperimenterLen:])
}

func group(c *table.Change) *openflow.Group {
	b := []byte(c.Body)
	n := bodyHead + int(binary.BigEndian.Uint16(b[2:]))
	return &openflow.Group{ID: c.Object.ID, Type: openflow.GroupType(b[0]), Buckets: b[bodyHead:n], Properties: b[n:]}
}

// tunMetadata are the tun_metadata fields that a body names, as a set with bit N for tun_metadataN.
func tunMetadata(name table.Object, body table.Body) uint64 {
	if name.Kind != table.Group {
		return 0
	}
	n := bodyHead + int(binary.BigEndian.Uint16([]byte(body[2:bodyHead])))
	g := flow.Group{Type: flow.GroupType(body[0]), Buckets: string(body[bodyHead:n]), Properties: string(body[n:])}
	return g.TunMetadata()
}

func meter(c *table.Change) *openflow.Meter {
	b := []byte(c.Body)
	return &openflow.Meter{ID: c.Object.ID, Flags: openflow.MeterFlags(binary.BigEndian.Uint16(b)), Bands: b[bodyHead:]}
}

// appendObject appends the message of a change of anything but a flow.
func appendObject(buf []byte, xid uint32, c *table.Change) []byte {
	switch c.Kind {
	case table.GroupAdd:
		return openflow.AppendGroupMod(buf, xid, openflow.GroupAdd, group(c))
	case table.GroupModify:
		return openflow.AppendGroupMod(buf, xid, openflow.GroupModify, group(c))
	case table.GroupDelete:
		return openflow.AppendGroupDelete(buf, xid, c.Object.ID)
	case table.MeterAdd:
		return openflow.AppendMeterMod(buf, xid, openflow.MeterAdd, meter(c))
	case table.MeterModify:
		return openflow.AppendMeterMod(buf, xid, openflow.MeterModify, meter(c))
	case table.MeterDelete:
		return openflow.AppendMeterDelete(buf, xid, c.Object.ID)
	case table.FlushZone:
		return openflow.AppendCTFlushZone(buf, xid, c.Zone)
	case table.FlushTuple:
		return openflow.AppendNicira(buf, xid, openflow.NXTCTFlush, []byte(c.Body))
	}
	panic("apply: a change of unknown kind: " + c.Kind.String())
}

// dumpGroups reads the switch's groups, then its meters, and goes on with the flows.
func (l *Loop) dumpGroups() {
	l.readGroups(func(id uint32, r *reading) {
		l.adoptObject(table.Object{Kind: table.Group, ID: id}, r)
	}, l.dumpMeters)
}

func (l *Loop) dumpMeters() {
	l.ask(func(b []byte, xid uint32) []byte {
		return openflow.AppendMeterDescRequest(b, xid, openflow.MeterAll)
	}, l.whole(l.adoptMeters, l.dumpNext, l.noMeters))
}

func (l *Loop) adoptMeters(m swconn.Message) {
	for d, err := range openflow.MeterDescs(m.Data) {
		if err != nil {
			l.dumpFailed(err)
			return
		}
		var r reading
		r.take(meterBody(&d))
		l.adoptObject(table.Object{Kind: table.Meter, ID: d.ID}, &r)
	}
}

// adoptObject hands a group or a meter over to the table, if it is still there.
func (l *Loop) adoptObject(name table.Object, r *reading) {
	l.noteAlien(name, r)
	if r.present {
		l.table.AdoptObject(name, r.body)
	}
}

// noMeters goes on without: a datapath that has no meters answers with an error.
func (l *Loop) noMeters(err error) {
	l.log.Debug("the switch tells no meters", "error", err)
	l.dumpNext()
}
