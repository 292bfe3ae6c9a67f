package source

import (
	"context"
	"errors"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// rogue is a plugin that speaks the protocol by hand, and badly.
type rogue struct {
	plugin.NetRPCUnsupportedPlugin
	pb.UnimplementedSourceServer
	play func(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage])
}

// rogues are played by name, as scripts are.
var rogues = map[string]func(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]){
	"deaf":             deaf,
	"no hello":         says(syncDone(1)),
	"second hello":     says(hello, hello),
	"same id":          says(hello, syncDone(5), syncDone(5)),
	"sync inside txn":  says(hello, part(1), syncDone(2)),
	"other txn inside": says(hello, part(1), part(2)),
	"long message": says(hello, &pb.SourceMessage{Message: &pb.SourceMessage_Status{
		Status: &pb.Status{Text: string(make([]byte, pb.MaxMessageBytes))}}}),
	"newer":        newer,
	"plain stream": plainStream,
	"plain trips":  plainTrips,
}

var hello = &pb.SourceMessage{Message: &pb.SourceMessage_Hello{Hello: &pb.SourceHello{Name: "rogue"}}}

func syncDone(id uint64) *pb.SourceMessage {
	return &pb.SourceMessage{Message: &pb.SourceMessage_SyncDone{SyncDone: &pb.SyncDone{Id: id}}}
}

func part(id uint64) *pb.SourceMessage {
	return &pb.SourceMessage{Message: &pb.SourceMessage_Txn{Txn: &pb.Txn{Id: id, More: true}}}
}

// says sends the messages and stays.
func says(messages ...*pb.SourceMessage) func(grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) {
	return func(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) {
		for _, m := range messages {
			if stream.Send(m) != nil {
				return
			}
		}
		<-stream.Context().Done()
	}
}

// deaf sends SyncBegin on and on, and never reads.
func deaf(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) {
	m := hello
	for id := uint64(1); stream.Send(m) == nil; id++ {
		m = &pb.SourceMessage{Message: &pb.SourceMessage_SyncBegin{SyncBegin: &pb.SyncBegin{Id: id}}}
	}
	select {}
}

func (r rogue) Session(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) error {
	r.play(stream)
	return nil
}

func (r rogue) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterSourceServer(s, r)
	return nil
}

func (rogue) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("not a host")
}

func (r rogue) serve() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: pb.MagicCookieKey, MagicCookieValue: pb.MagicCookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{pb.PluginVersion: {pb.PluginKey: r}},
		GRPCServer:       plugin.DefaultGRPCServer,
	})
}
