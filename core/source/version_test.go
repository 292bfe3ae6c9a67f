package source

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/internal/ovstest"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// TestOlderPlugin runs a plugin of before groups, atomic transactions and marks.
func TestOlderPlugin(t *testing.T) {
	path := ovstest.BuildOne(t, "oldplugin", "./testdata/oldplugin")
	sw := swtest.New()
	r := startPlugin(t, ToLoop(startLoop(t, sw)), hasty, Plugin{Name: "test", Path: path})
	r.tells("committed 2, installed 2, unknown messages 0")
	if st := r.State(); len(sw.Flows()) != 1 || st.Version != "old 0.1" || st.Phase != Synced {
		t.Errorf("%d flows, state %+v", len(sw.Flows()), st)
	}
}

// newer is a source of a time to come: it knows fields, messages and operations that this host does not.
func newer(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) {
	if _, err := stream.Recv(); err != nil {
		return
	}
	id := testUUID(1)
	add := &pb.Op{Kind: pb.OpKind_OP_KIND_SET, Uuid: id[:], Flows: []*pb.Flow{unknown(&pb.Flow{Table: 1, Priority: 5})}}
	txn := func(id uint64, ops ...*pb.Op) *pb.SourceMessage {
		return &pb.SourceMessage{Message: &pb.SourceMessage_Txn{Txn: unknown(&pb.Txn{Id: id, Ops: ops})}}
	}
	for _, m := range []*pb.SourceMessage{
		{Message: &pb.SourceMessage_Hello{Hello: unknown(&pb.SourceHello{
			Name: "newer", Version: "9", Protocol: 7, Capabilities: []string{"telepathy"}})}},
		unknown(&pb.SourceMessage{}), // one of its own, which this host lets pass
		txn(1, unknown(add)),
		txn(2, &pb.Op{Kind: 99, Uuid: id[:]}), // an operation of its own, which this host must not take for done
		syncDone(3),
	} {
		if stream.Send(m) != nil {
			return
		}
	}
	text := ""
	for {
		m, err := stream.Recv()
		if err != nil {
			return
		}
		switch {
		case m.GetCommitted() != nil:
			text += fmt.Sprintf("committed %d ", m.GetCommitted().Txn)
		case m.GetRejected() != nil:
			text += fmt.Sprintf("rejected %d %s ", m.GetRejected().Txn, m.GetRejected().Rule)
		}
		if stream.Send(&pb.SourceMessage{Message: &pb.SourceMessage_Status{Status: unknown(&pb.Status{Text: text})}}) != nil {
			return
		}
	}
}

// unknown adds a field to a message that its type does not have.
func unknown[M proto.Message](m M) M {
	field := protowire.AppendTag(nil, 1000, protowire.BytesType)
	m.ProtoReflect().SetUnknown(protowire.AppendString(field, "from the future"))
	return m
}

func TestNewerPlugin(t *testing.T) {
	sw := swtest.New()
	r := startSourceOn(t, ToLoop(startLoop(t, sw)), "newer", hasty)
	r.tells("committed 1 rejected 2 RULE_MALFORMED committed 3 ")
	if st := r.State(); len(sw.Flows()) != 1 || !strings.Contains(st.Version, "newer 9") {
		t.Errorf("%d flows, state %+v", len(sw.Flows()), st)
	}
}
