package sdk

import (
	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// Revision is a number of the host's table that rises with each transaction of any owner.
type Revision uint64

// Event is what the host tells a source unasked: Installed, Refused, Recovered, Lost, Won, Drifted, Duplicate, MarkInstalled,
// PacketRefused, SwitchState or Resync. More kinds may come; ignore what you do not know.
type Event interface{ isEvent() }

// Installed: the switch has confirmed all of this source's transactions up to Revision, but for what it Refused.
type Installed struct{ Revision Revision }

// Refused: the switch refused a flow, a group or a meter. The host retries it later, and with it what names the group or meter. In an
// error it can be a flush as well: then it has no UUID, Key and Object.
type Refused struct {
	UUID       uuid.UUID // of a flow
	Key        flow.Key  // of a flow; canonical: the match may be other bytes than the author's
	Object     Object    // of a group or meter
	Type, Code uint16    // of the OpenFlow error (OpenFlow 1.5 §7.5.4)
	Text       string    // the error in the switch's words, e.g. "OFPBAC_BAD_OUT_GROUP"

	// Kind is ErrOptionMoved, ErrContested or ErrUnstable; nil for an error of the switch's, and for what this SDK does not know.
	Kind error
}

// Recovered: what was Refused is in the switch now, or competes for its key again.
type Recovered struct {
	UUID   uuid.UUID // of a flow
	Key    flow.Key  // of a flow
	Object Object    // of a group or meter
}

// Lost: another flow with the same key is preferred, and in the switch instead of this one.
type Lost struct {
	UUID    uuid.UUID
	Key     flow.Key
	ToOwner string
	ToUUID  uuid.UUID
}

// Won: a flow that had Lost is preferred again.
type Won struct {
	UUID uuid.UUID
	Key  flow.Key
}

// Drifted: somebody else changed or deleted a flow, a group or a meter in the switch. The host puts it back.
type Drifted struct {
	UUID      uuid.UUID // of a flow
	Key       flow.Key  // of a flow
	Object    Object    // of a group or meter
	Contested bool      // this happens again and again: it is put back after pauses that grow
}

// Duplicate: an Add named a key that the UUID had a flow for already. Nothing was changed.
type Duplicate struct {
	UUID uuid.UUID
	Key  flow.Key
}

// SwitchState tells about the switch.
type SwitchState struct {
	Connected  bool   // the host has an OpenFlow connection and has read the tables
	DatapathID uint64 // 0 while it is not known
	Geneve     int    // N of the field tun_metadataN that OVN's Geneve option is mapped to, or NoGeneve
	Features   SwitchFeatures
}

// SwitchFeatures is what the switch said of itself (OpenFlow 1.5 §7.3.1). It is zero while that is not known.
type SwitchFeatures struct {
	Buffers      uint32 // packets that the switch can keep for packet-ins; Open vSwitch: 0
	Tables       int    // Open vSwitch: 254
	Capabilities uint32 // OFPC_* bits
}

// PacketRefused: the switch has refused a PacketOut, or a Resume, that the host had sent on. It is not told of packets that were sent
// a thousand others ago, nor while the source does not take its packets and events.
type PacketRefused struct {
	Note       uint64 // of the PacketOut; 0 for a Resume
	Type, Code uint16 // of the OpenFlow error (OpenFlow 1.5 §7.5.4)
	Text       string // the error in the switch's words, e.g. "OFPBAC_BAD_OUT_PORT"
}

// NoGeneve is SwitchState.Geneve while OVN's option is not mapped to any field.
const NoGeneve = -1

// Resync asks the source to say everything again: SyncBegin, all it wants, SyncDone. A source that cannot returns an error from
// run, and is started again; one that does not take events at all is started again without being asked.
type Resync struct{ Reason string }

func (Installed) isEvent()     {}
func (Refused) isEvent()       {}
func (Recovered) isEvent()     {}
func (Lost) isEvent()          {}
func (Won) isEvent()           {}
func (Drifted) isEvent()       {}
func (Duplicate) isEvent()     {}
func (MarkInstalled) isEvent() {}
func (SwitchState) isEvent()   {}
func (PacketRefused) isEvent() {}
func (Resync) isEvent()        {}

// event translates what the host said; nil when it is no event, or one of a newer host.
func event(m *pb.HostMessage) Event {
	switch m := m.Message.(type) {
	case *pb.HostMessage_SwitchState:
		return toSwitchState(m.SwitchState)
	case *pb.HostMessage_Installed:
		return Installed{Revision: Revision(m.Installed.Revision)}
	case *pb.HostMessage_Refused:
		return toRefused(m.Refused)
	case *pb.HostMessage_Recovered:
		r := m.Recovered
		return Recovered{UUID: toUUID(r.Uuid), Key: toKey(r.Key), Object: toObject(r.Object)}
	case *pb.HostMessage_Lost:
		l := m.Lost
		return Lost{UUID: toUUID(l.Uuid), Key: toKey(l.Key), ToOwner: l.ToOwner, ToUUID: toUUID(l.ToUuid)}
	case *pb.HostMessage_Won:
		return Won{UUID: toUUID(m.Won.Uuid), Key: toKey(m.Won.Key)}
	case *pb.HostMessage_Drifted:
		d := m.Drifted
		return Drifted{UUID: toUUID(d.Uuid), Key: toKey(d.Key), Object: toObject(d.Object), Contested: d.Contested}
	case *pb.HostMessage_Duplicate:
		return Duplicate{UUID: toUUID(m.Duplicate.Uuid), Key: toKey(m.Duplicate.Key)}
	case *pb.HostMessage_MarkInstalled:
		i := m.MarkInstalled
		return MarkInstalled{Owner: i.Owner, Name: i.Name, Value: i.Value, Refused: int(i.Refused)}
	case *pb.HostMessage_Resync:
		return Resync{Reason: m.Resync.Reason}
	}
	return nil
}

func toSwitchState(s *pb.SwitchState) SwitchState {
	state := SwitchState{Connected: s.Connected, DatapathID: s.DatapathId, Geneve: NoGeneve}
	if s.GeneveOption != nil {
		state.Geneve = int(*s.GeneveOption)
	}
	if f := s.Features; f != nil {
		state.Features = SwitchFeatures{Buffers: f.Buffers, Tables: int(f.Tables), Capabilities: f.Capabilities}
	}
	return state
}

func toRefused(r *pb.Refused) Refused {
	return Refused{
		UUID: toUUID(r.Uuid), Key: toKey(r.Key), Object: toObject(r.Object),
		Type: uint16(r.Type), Code: uint16(r.Code), Text: r.Text,
		Kind: refusedFor(r.Why),
	}
}

func toRefusals(wire []*pb.Refused) (list []Refused) {
	for _, r := range wire {
		list = append(list, toRefused(r))
	}
	return list
}

func toUUID(b []byte) (id uuid.UUID) {
	copy(id[:], b)
	return id
}

func toKey(k *pb.Key) flow.Key {
	return flow.Key{
		Table:    flow.TableID(k.GetTable()),
		Priority: flow.Priority(k.GetPriority()),
		Match:    flow.Match(k.GetMatch()),
	}
}
