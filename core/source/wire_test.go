package source

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/table"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

func TestWireEvents(t *testing.T) {
	id, other := testUUID(1), testUUID(2)
	key := testFlow(5).Key
	wire := &pb.Key{Table: 1, Priority: 100, Match: []byte(key.Match)}
	refusal := table.SwitchError{Type: 2, Code: 9, Text: "OFPBAC_BAD_OUT_GROUP"}
	refused := &pb.Refused{Uuid: id[:], Key: wire, Type: 2, Code: 9, Text: "OFPBAC_BAD_OUT_GROUP"}
	for _, c := range []struct {
		event table.Event
		want  *pb.HostMessage
	}{
		{table.Event{Kind: table.EventInstalled, Txn: 4, Revision: 5, Refused: []table.Refusal{{UUID: id, Key: key, Err: refusal}}},
			&pb.HostMessage{Message: &pb.HostMessage_Installed{
				Installed: &pb.Installed{Txn: 4, Revision: 5, Refused: []*pb.Refused{refused}}}}},
		{table.Event{Kind: table.EventRefused, UUID: id, Key: key, Err: refusal},
			&pb.HostMessage{Message: &pb.HostMessage_Refused{Refused: refused}}},
		{table.Event{Kind: table.EventRefused, UUID: id, Key: key, Err: fmt.Errorf("%w: 1 to 2", table.ErrOptionMoved)},
			wireWhy(id, wire, pb.RefusedFor_REFUSED_FOR_OPTION_MOVED, table.ErrOptionMoved.Error()+": 1 to 2")},
		{table.Event{Kind: table.EventRefused, UUID: id, Key: key, Err: table.ErrContested},
			wireWhy(id, wire, pb.RefusedFor_REFUSED_FOR_CONTESTED, table.ErrContested.Error())},
		{table.Event{Kind: table.EventRefused, UUID: id, Key: key, Err: table.ErrUnstable},
			wireWhy(id, wire, pb.RefusedFor_REFUSED_FOR_UNSTABLE, table.ErrUnstable.Error())},
		{table.Event{Kind: table.EventRefused, UUID: id, Key: key, Err: errors.New("too big")},
			&pb.HostMessage{Message: &pb.HostMessage_Refused{Refused: &pb.Refused{Uuid: id[:], Key: wire, Text: "too big"}}}},
		{table.Event{Kind: table.EventRefused, Object: table.Object{Kind: table.Group, ID: 5}, Err: refusal},
			&pb.HostMessage{Message: &pb.HostMessage_Refused{Refused: &pb.Refused{
				Object: &pb.Object{Id: &pb.Object_Group{Group: 5}}, Type: 2, Code: 9, Text: "OFPBAC_BAD_OUT_GROUP"}}}},
		{table.Event{Kind: table.EventRecovered, Object: table.Object{Kind: table.Meter, ID: 6}},
			&pb.HostMessage{Message: &pb.HostMessage_Recovered{Recovered: &pb.Recovered{
				Object: &pb.Object{Id: &pb.Object_Meter{Meter: 6}}}}}},
		{table.Event{Kind: table.EventInstalled, Txn: 4, Refused: []table.Refusal{{Err: errors.New("a flush")}}},
			&pb.HostMessage{Message: &pb.HostMessage_Installed{
				Installed: &pb.Installed{Txn: 4, Refused: []*pb.Refused{{Text: "a flush"}}}}}},
		{table.Event{Kind: table.EventRecovered, UUID: id, Key: key},
			&pb.HostMessage{Message: &pb.HostMessage_Recovered{Recovered: &pb.Recovered{Uuid: id[:], Key: wire}}}},
		{table.Event{Kind: table.EventLost, UUID: id, Key: key, Other: "bob", OtherUUID: other},
			&pb.HostMessage{Message: &pb.HostMessage_Lost{
				Lost: &pb.Lost{Uuid: id[:], Key: wire, ToOwner: "bob", ToUuid: other[:]}}}},
		{table.Event{Kind: table.EventWon, UUID: id, Key: key},
			&pb.HostMessage{Message: &pb.HostMessage_Won{Won: &pb.Won{Uuid: id[:], Key: wire}}}},
		{table.Event{Kind: table.EventDrifted, Object: table.Object{Kind: table.Group, ID: 7}},
			&pb.HostMessage{Message: &pb.HostMessage_Drifted{Drifted: &pb.Drifted{Object: &pb.Object{Id: &pb.Object_Group{Group: 7}}}}}},
		{table.Event{Kind: table.EventDrifted, UUID: id, Key: key},
			&pb.HostMessage{Message: &pb.HostMessage_Drifted{Drifted: &pb.Drifted{Uuid: id[:], Key: wire}}}},
		{table.Event{Kind: table.EventContested, UUID: id, Key: key},
			&pb.HostMessage{Message: &pb.HostMessage_Drifted{Drifted: &pb.Drifted{Uuid: id[:], Key: wire, Contested: true}}}},
		{table.Event{Kind: table.EventDuplicate, UUID: id, Key: key},
			&pb.HostMessage{Message: &pb.HostMessage_Duplicate{Duplicate: &pb.Duplicate{Uuid: id[:], Key: wire}}}},
		{table.Event{}, nil},
	} {
		got := wireEvent(c.event)
		if (got == nil) != (c.want == nil) || got != nil && !proto.Equal(got, c.want) {
			t.Errorf("%v is\n%v, want\n%v", c.event.Kind, got, c.want)
		}
	}
}

func wireWhy(id uuid.UUID, key *pb.Key, why pb.RefusedFor, text string) *pb.HostMessage {
	return &pb.HostMessage{Message: &pb.HostMessage_Refused{Refused: &pb.Refused{Uuid: id[:], Key: key, Why: why, Text: text}}}
}

func TestWireSwitch(t *testing.T) {
	none := wireSwitch(apply.SwitchState{Connected: true, DatapathID: 3, Geneve: apply.NoGeneve}).GetSwitchState()
	if none.Features != nil || none.GeneveOption != nil || !none.Connected || none.DatapathId != 3 {
		t.Errorf("state = %v", none)
	}
	if first := wireSwitch(apply.SwitchState{Geneve: 0}).GetSwitchState(); first.GeneveOption == nil || *first.GeneveOption != 0 {
		t.Errorf("state = %v", first)
	}
}

func TestRejectedNamesTheRule(t *testing.T) {
	for _, known := range rules {
		err := error(&table.OpError{Index: 3, Op: table.OpAdd, UUID: testUUID(1), Key: testFlow(1).Key, Err: known.err})
		r := rejected(9, err)
		if r.Txn != 9 || r.Rule != known.rule || r.GetOperation() != 3 || r.Text == "" {
			t.Errorf("%v is %v", err, r)
		}
	}
	if r := rejected(9, &table.OpError{Index: -1, Err: table.ErrTooBig}); r.Operation != nil || r.Rule != pb.Rule_RULE_TOO_LARGE {
		t.Errorf("the transaction as a whole: %v", r)
	}
	if r := rejected(9, &apply.RefusedError{Refused: []table.Refusal{{UUID: testUUID(1), Key: testFlow(1).Key, Err: errors.New("no")}}}); r.Rule !=
		pb.Rule_RULE_REFUSED || len(r.Refused) != 1 || r.Refused[0].Text != "no" {
		t.Errorf("refused by the switch: %v", r)
	}
	if r := rejected(9, errors.New("else")); r.Rule != pb.Rule_RULE_UNSPECIFIED || r.Text != "else" {
		t.Errorf("an unknown error: %v", r)
	}
}
