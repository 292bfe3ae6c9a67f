package source

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	health "google.golang.org/grpc/health/grpc_health_v1"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// peer is a source that runs: a process that was started here, or one that was there.
type peer struct {
	source pb.SourceClient
	health health.HealthClient
	pid    int // 0: not ours
	// end ends it, with some patience first, and returns how it ended by itself ("exit status 2"), "" when it was made to.
	end func(patience, limit time.Duration) (exit string)
	// last is the line that most likely tells why it ended.
	last func() string
}

func newPeer(conn grpc.ClientConnInterface) *peer {
	return &peer{source: pb.NewSourceClient(conn), health: health.NewHealthClient(conn)}
}

// Connect reaches a source that runs already. It serves what a plugin serves; hangUp ends the connection, and the source's session
// with it.
type Connect func(context.Context) (conn grpc.ClientConnInterface, hangUp func(), err error)

// Dial reaches a source that waits for a host on a unix socket: package sdk serves one so with -debug.
func Dial(socket string) Connect {
	return func(context.Context) (grpc.ClientConnInterface, func(), error) {
		conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pb.MaxMessageBytes)))
		if err != nil {
			return nil, nil, err
		}
		return conn, func() { _ = conn.Close() }, nil
	}
}

// reach is start for a source that runs already.
func (s *Source) reach(ctx context.Context) (*peer, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timing.start)
	defer cancel()
	conn, hangUp, err := s.Connect(ctx)
	if err != nil {
		return nil, err
	}
	p := newPeer(conn)
	p.end = func(_, _ time.Duration) string { hangUp(); return "" }
	p.last = func() string { return "" }
	return p, nil
}
