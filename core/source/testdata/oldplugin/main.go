// Command oldplugin is a source as it was built before sessions had groups, atomic transactions and marks: with the protocol's first
// file, which lies beside it and does not change. It wants one flow, uses no SDK, and fails when the host says what it does not
// expect.
package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	pb "github.com/flowhost/flowhost/core/source/testdata/oldplugin/flowhostv1"
)

type source struct {
	plugin.NetRPCUnsupportedPlugin
	pb.UnimplementedSourceServer
}

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: "FLOWHOST_PLUGIN", MagicCookieValue: "6f0c1d5a-2b7e-4f38-9d61-8e4a7c3b5f02"},
		VersionedPlugins: map[int]plugin.PluginSet{1: {"source": source{}}},
		GRPCServer:       plugin.DefaultGRPCServer,
	})
}

func (s source) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	pb.RegisterSourceServer(server, s)
	return nil
}

func (source) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("not a host")
}

func (source) Session(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) error {
	hello, err := stream.Recv()
	if err != nil || hello.GetHello().GetProtocol() < 1 {
		return fmt.Errorf("hello %v: %w", hello, err)
	}
	id := make([]byte, 16)
	id[15] = 1
	for _, m := range []*pb.SourceMessage{
		{Message: &pb.SourceMessage_Hello{Hello: &pb.SourceHello{Name: "old", Version: "0.1", Protocol: 1}}},
		{Message: &pb.SourceMessage_Txn{Txn: &pb.Txn{Id: 1, Ops: []*pb.Op{
			{Kind: pb.OpKind_OP_KIND_SET, Uuid: id, Flows: []*pb.Flow{{Table: 1, Priority: 100}}},
		}}}},
		{Message: &pb.SourceMessage_SyncDone{SyncDone: &pb.SyncDone{Id: 2}}},
	} {
		if err := stream.Send(m); err != nil {
			return err
		}
	}
	return answer(stream)
}

// answer shows in its status how far it is, and lets what it does not know pass.
func answer(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) error {
	committed, installed, unknown := uint64(0), uint64(0), 0
	for {
		m, err := stream.Recv()
		switch {
		case err != nil:
			return err
		case m.GetShutdown() != nil:
			return nil
		case m.GetRejected() != nil:
			return fmt.Errorf("rejected: %v", m)
		case m.GetCommitted() != nil:
			committed = m.GetCommitted().Txn
		case m.GetInstalled() != nil:
			installed = m.GetInstalled().Txn
		case m.Message == nil:
			unknown++
		}
		text := fmt.Sprintf("committed %d, installed %d, unknown messages %d", committed, installed, unknown)
		err = stream.Send(&pb.SourceMessage{Message: &pb.SourceMessage_Status{Status: &pb.Status{Ready: true, Text: text}}})
		if err != nil {
			return err
		}
	}
}
