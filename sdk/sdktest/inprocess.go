package sdktest

import (
	"context"
	"net"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"github.com/flowhost/flowhost/core/source"
	"github.com/flowhost/flowhost/sdk"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// inProcess serves the source in this process, over a pipe in memory. Each connection has a server of its own, as each plugin
// process has.
func inProcess(info sdk.Info, run func(context.Context, *sdk.Host) error) source.Connect {
	return func(context.Context) (grpc.ClientConnInterface, func(), error) {
		listener := bufconn.Listen(1 << 20)
		server := grpc.NewServer(grpc.MaxRecvMsgSize(pb.MaxMessageBytes))
		pb.RegisterSourceServer(server, sdk.NewService(info, run))
		healthy := health.NewServer()
		healthy.SetServingStatus(plugin.GRPCServiceName, grpc_health_v1.HealthCheckResponse_SERVING)
		grpc_health_v1.RegisterHealthServer(server, healthy)
		go func() { _ = server.Serve(listener) }()

		conn, err := grpc.NewClient("passthrough:source", grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pb.MaxMessageBytes)),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
		if err != nil {
			server.Stop()
			return nil, nil, err
		}
		hangUp := func() {
			_ = conn.Close()
			server.Stop() // waits for run
		}
		return conn, hangUp, nil
	}
}
