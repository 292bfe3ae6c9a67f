package sdk

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// fakeHost is the host's end of a session, written by hand.
type fakeHost struct {
	t      *testing.T
	stream grpc.BidiStreamingClient[pb.HostMessage, pb.SourceMessage]
	cancel context.CancelFunc
}

// startSource runs a source in this process, and greets it.
func startSource(t *testing.T, run func(context.Context, *Host) error) *fakeHost {
	t.Helper()
	return startSourceAt(t, &pb.HostHello{
		Protocol: pb.Protocol, Bridge: "br-test", Owner: "test", LogLevel: pb.LogLevel_LOG_LEVEL_DEBUG,
		Capabilities: []string{pb.CapabilityGroups, pb.CapabilityAtomic, pb.CapabilityMarks},
		Ranges:       &pb.Ranges{Groups: []*pb.Range{{First: 10, Last: 19}}},
	}, run)
}

// startSourceAt is startSource for a host that greets as it likes.
func startSourceAt(t *testing.T, hello *pb.HostHello, run func(context.Context, *Host) error) *fakeHost {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	pb.RegisterSourceServer(server, NewService(Info{Name: "test", Version: "1"}, run))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:source", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	stream, err := pb.NewSourceClient(conn).Session(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h := &fakeHost{t: t, stream: stream, cancel: cancel}
	h.send(&pb.HostMessage{Message: &pb.HostMessage_Hello{Hello: hello}})
	if hello := h.receive().GetHello(); hello.GetName() != "test" || hello.GetProtocol() != pb.Protocol {
		t.Fatalf("hello = %v", hello)
	}
	return h
}

func (h *fakeHost) send(m *pb.HostMessage) {
	h.t.Helper()
	if err := h.stream.Send(m); err != nil {
		h.t.Fatal(err)
	}
}

func (h *fakeHost) receive() *pb.SourceMessage {
	h.t.Helper()
	m, err := h.stream.Recv()
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

// txn receives a whole transaction: its id, its operations as they came, and how many messages it took.
func (h *fakeHost) txn() (id uint64, ops []*pb.Op, messages int) {
	h.t.Helper()
	for {
		txn := h.receive().GetTxn()
		if txn == nil {
			h.t.Fatal("not a transaction")
		}
		messages++
		ops = append(ops, txn.Ops...)
		if !txn.More {
			return txn.Id, ops, messages
		}
	}
}

func (h *fakeHost) commit(id, revision uint64) {
	h.t.Helper()
	h.send(&pb.HostMessage{Message: &pb.HostMessage_Committed{Committed: &pb.Committed{Txn: id, Revision: revision}}})
}

func (h *fakeHost) installed(id, revision uint64, refused ...*pb.Refused) {
	h.t.Helper()
	h.send(&pb.HostMessage{Message: &pb.HostMessage_Installed{
		Installed: &pb.Installed{Txn: id, Revision: revision, Refused: refused}}})
}
