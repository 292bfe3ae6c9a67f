package source

import (
	"errors"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// wireEvent is what the source is told of an event; nil when the session has no word for it.
func wireEvent(e table.Event) *pb.HostMessage {
	id, key := e.UUID[:], wireKey(e.Key)
	switch e.Kind {
	case table.EventInstalled:
		i := &pb.Installed{Txn: e.Txn, Revision: uint64(e.Revision), Refused: wireRefusals(e.Refused)}
		return &pb.HostMessage{Message: &pb.HostMessage_Installed{Installed: i}}
	case table.EventRefused:
		return &pb.HostMessage{Message: &pb.HostMessage_Refused{
			Refused: wireRefused(table.Refusal{UUID: e.UUID, Key: e.Key, Object: e.Object, Err: e.Err})}}
	case table.EventRecovered:
		recovered := &pb.Recovered{Uuid: id, Key: key}
		if e.Object != (table.Object{}) {
			recovered = &pb.Recovered{Object: wireObject(e.Object)}
		}
		return &pb.HostMessage{Message: &pb.HostMessage_Recovered{Recovered: recovered}}
	case table.EventLost:
		lost := &pb.Lost{Uuid: id, Key: key, ToOwner: e.Other, ToUuid: e.OtherUUID[:]}
		return &pb.HostMessage{Message: &pb.HostMessage_Lost{Lost: lost}}
	case table.EventWon:
		return &pb.HostMessage{Message: &pb.HostMessage_Won{Won: &pb.Won{Uuid: id, Key: key}}}
	case table.EventDrifted, table.EventContested:
		drifted := &pb.Drifted{Uuid: id, Key: key, Contested: e.Kind == table.EventContested}
		if e.Object != (table.Object{}) {
			drifted.Uuid, drifted.Key, drifted.Object = nil, nil, wireObject(e.Object)
		}
		return &pb.HostMessage{Message: &pb.HostMessage_Drifted{Drifted: drifted}}
	case table.EventMarked:
		m := e.Marks[0]
		return &pb.HostMessage{Message: &pb.HostMessage_MarkInstalled{MarkInstalled: &pb.MarkInstalled{
			Owner: e.Other, Name: m.Name, Value: m.Value, Refused: uint32(e.Quarantined)}}}
	case table.EventDuplicate:
		return &pb.HostMessage{Message: &pb.HostMessage_Duplicate{Duplicate: &pb.Duplicate{Uuid: id, Key: key}}}
	}
	return nil
}

func wireRefusals(refusals []table.Refusal) (wire []*pb.Refused) {
	for _, r := range refusals {
		wire = append(wire, wireRefused(r))
	}
	return wire
}

func wireRefused(refusal table.Refusal) *pb.Refused {
	r := &pb.Refused{Text: refusal.Err.Error(), Why: refusedFor(refusal.Err)}
	switch {
	case refusal.Object != (table.Object{}):
		r.Object = wireObject(refusal.Object)
	case refusal.UUID != uuid.Nil || refusal.Key != (flow.Key{}):
		r.Uuid, r.Key = refusal.UUID[:], wireKey(refusal.Key)
	}
	var sw table.SwitchError
	if errors.As(refusal.Err, &sw) {
		r.Type, r.Code, r.Text = uint32(sw.Type), uint32(sw.Code), sw.Text
	}
	return r
}

func refusedFor(err error) pb.RefusedFor {
	switch {
	case errors.Is(err, table.ErrOptionMoved):
		return pb.RefusedFor_REFUSED_FOR_OPTION_MOVED
	case errors.Is(err, table.ErrContested):
		return pb.RefusedFor_REFUSED_FOR_CONTESTED
	case errors.Is(err, table.ErrUnstable):
		return pb.RefusedFor_REFUSED_FOR_UNSTABLE
	}
	return pb.RefusedFor_REFUSED_FOR_UNSPECIFIED
}

func wireObject(x table.Object) *pb.Object {
	if x.Kind == table.Meter {
		return &pb.Object{Id: &pb.Object_Meter{Meter: x.ID}}
	}
	return &pb.Object{Id: &pb.Object_Group{Group: x.ID}}
}

func wireKey(k flow.Key) *pb.Key {
	return &pb.Key{Table: uint32(k.Table), Priority: uint32(k.Priority), Match: []byte(k.Match)}
}

func wireSwitch(s apply.SwitchState) *pb.HostMessage {
	state := &pb.SwitchState{Connected: s.Connected, DatapathId: s.DatapathID}
	if s.Geneve != apply.NoGeneve {
		option := uint32(s.Geneve)
		state.GeneveOption = &option
	}
	if f := s.Features; f.Tables > 0 { // a switch was connected
		state.Features = &pb.SwitchFeatures{Buffers: f.Buffers, Tables: uint32(f.Tables), Capabilities: f.Capabilities}
	}
	return &pb.HostMessage{Message: &pb.HostMessage_SwitchState{SwitchState: state}}
}

func wireBytes(list []string) (wire [][]byte) {
	for _, s := range list {
		wire = append(wire, []byte(s))
	}
	return wire
}

func wireRanges[T ~uint8 | ~uint16 | ~uint32](ranges []table.Range[T]) []*pb.Range {
	var wire []*pb.Range
	for _, r := range ranges {
		wire = append(wire, &pb.Range{First: uint32(r.First), Last: uint32(r.Last)})
	}
	return wire
}
