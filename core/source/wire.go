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
		i := &pb.Installed{Txn: e.Txn, Revision: uint64(e.Revision)}
		for _, r := range e.Refused {
			i.Refused = append(i.Refused, wireRefused(r.UUID, r.Key, r.Err))
		}
		return &pb.HostMessage{Message: &pb.HostMessage_Installed{Installed: i}}
	case table.EventRefused:
		return &pb.HostMessage{Message: &pb.HostMessage_Refused{Refused: wireRefused(e.UUID, e.Key, e.Err)}}
	case table.EventRecovered:
		return &pb.HostMessage{Message: &pb.HostMessage_Recovered{Recovered: &pb.Recovered{Uuid: id, Key: key}}}
	case table.EventLost:
		lost := &pb.Lost{Uuid: id, Key: key, ToOwner: e.Other, ToUuid: e.OtherUUID[:]}
		return &pb.HostMessage{Message: &pb.HostMessage_Lost{Lost: lost}}
	case table.EventWon:
		return &pb.HostMessage{Message: &pb.HostMessage_Won{Won: &pb.Won{Uuid: id, Key: key}}}
	case table.EventDrifted, table.EventContested:
		drifted := &pb.Drifted{Uuid: id, Key: key, Contested: e.Kind == table.EventContested}
		return &pb.HostMessage{Message: &pb.HostMessage_Drifted{Drifted: drifted}}
	case table.EventDuplicate:
		return &pb.HostMessage{Message: &pb.HostMessage_Duplicate{Duplicate: &pb.Duplicate{Uuid: id, Key: key}}}
	}
	return nil
}

func wireRefused(id uuid.UUID, key flow.Key, err error) *pb.Refused {
	r := &pb.Refused{Uuid: id[:], Key: wireKey(key), Text: err.Error()}
	var sw table.SwitchError
	if errors.As(err, &sw) {
		r.Type, r.Code, r.Text = uint32(sw.Type), uint32(sw.Code), sw.Text
	}
	return r
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
	return &pb.HostMessage{Message: &pb.HostMessage_SwitchState{SwitchState: state}}
}

func wireRanges[T ~uint8 | ~uint16 | ~uint32](ranges []table.Range[T]) []*pb.Range {
	var wire []*pb.Range
	for _, r := range ranges {
		wire = append(wire, &pb.Range{First: uint32(r.First), Last: uint32(r.Last)})
	}
	return wire
}
