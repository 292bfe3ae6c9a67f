package python

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/source"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// What a session must reach from Python, against a plain gRPC stream of the same bytes from Python that nobody looks at.
const (
	throughputBar = 0.5
	benchFlows    = 100_000
)

// benchEnv are flows like OVN's: about 90 bytes of key, 60 of actions.
func benchEnv(b *testing.B, more ...string) []string {
	b.Helper()
	f, err := flow.ParseFlow("table=8,priority=50,reg14=0x5,metadata=0x100,dl_src=fa:16:3e:00:00:01,dl_dst=fa:16:3e:00:00:02," +
		"ip,nw_src=10.0.0.1,nw_dst=10.0.0.2 actions=set_field:0x1->reg10,set_field:0x7->reg11,resubmit(,9)")
	if err != nil {
		b.Fatal(err)
	}
	return append(more, fmt.Sprint("FLOWS=", benchFlows), "MATCH="+hex.EncodeToString([]byte(f.Match)), "ACTIONS="+hex.EncodeToString([]byte(f.Actions)))
}

// streamOnly is go-plugin's view of the source.
type streamOnly struct{ plugin.NetRPCUnsupportedPlugin }

func (streamOnly) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("serves nothing")
}

func (streamOnly) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return pb.NewSourceClient(conn), nil
}

// plain is how many flows a second a stream from Python carries.
func plain(b *testing.B, program string) float64 {
	b.Helper()
	cmd := exec.Command(program)
	cmd.Env = append(benchEnv(b, "PLAIN=1"), plugin.EnvUnixSocketDir+"="+b.TempDir())
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: pb.MagicCookieKey, MagicCookieValue: pb.MagicCookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{pb.PluginVersion: {pb.PluginKey: streamOnly{}}},
		Cmd:              cmd, SkipHostEnv: true, AutoMTLS: true, AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger: hclog.NewNullLogger(),
	})
	defer client.Kill()
	protocol, err := client.Client()
	if err != nil {
		b.Fatal(err)
	}
	raw, err := protocol.Dispense(pb.PluginKey)
	if err != nil {
		b.Fatal(err)
	}
	stream, err := raw.(pb.SourceClient).Session(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	began, flows := time.Now(), 0
	for {
		m, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		flows += len(m.GetTxn().Ops)
	}
	if flows != benchFlows {
		b.Fatalf("%d flows came, want %d", flows, benchFlows)
	}
	return benchFlows / time.Since(began).Seconds()
}

// session is how many flows a second come from Python into the table. There is no switch.
func session(b *testing.B, program string) float64 {
	b.Helper()
	wide := table.OwnerSpec{
		Name: "python", Tables: []table.Range[flow.TableID]{{First: 0, Last: 9}},
		Priorities: []table.Range[flow.Priority]{{First: 0, Last: math.MaxUint16}},
	}
	noSwitch := func(context.Context) (net.Conn, error) { return nil, errors.New("no switch") }
	loop, err := apply.New(apply.Config{
		Owners: []table.OwnerSpec{wide}, Switch: swconn.Config{Dial: noSwitch}, Logger: hclog.NewNullLogger(),
	})
	if err != nil {
		b.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "py")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	src := source.New(source.Config{
		Plugin: source.Plugin{Name: "python", Path: program, Env: benchEnv(b)}, Attach: source.ToLoop(loop), RunDir: dir,
		Logger: hclog.NewNullLogger(),
	})
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() { _ = loop.Run(ctx) })
	running.Go(func() { _ = src.Run(ctx) })
	until := func(phase source.Phase) time.Time {
		for src.State().Phase != phase && src.State().Phase != source.Synced {
			if src.State().LastError != "" {
				b.Fatal(src.State().LastError)
			}
			time.Sleep(100 * time.Microsecond)
		}
		return time.Now()
	}
	began := until(source.Syncing)
	took := until(source.Synced).Sub(began)
	if st, err := loop.Status(ctx); err != nil || st.Table.Desired != benchFlows {
		b.Fatalf("%d flows in the table, %v; want %d", st.Table.Desired, err, benchFlows)
	}
	return benchFlows / took.Seconds()
}

func BenchmarkThroughput(b *testing.B) {
	program := filepath.Join(filepath.Dir(build(b)), "throughput.py")
	var streamed, pushed float64
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			streamed = plain(b, program)
		}
		b.ReportMetric(streamed, "flows/s")
	})
	b.Run("session", func(b *testing.B) {
		for b.Loop() {
			pushed = session(b, program)
		}
		b.ReportMetric(pushed, "flows/s")
	})
	verdict := "FAIL"
	if pushed >= throughputBar*streamed {
		verdict = "pass"
	}
	fmt.Printf("bar python.throughput: %.2f × plain gRPC, limit %g: %s\n", pushed/streamed, throughputBar, verdict)
}
