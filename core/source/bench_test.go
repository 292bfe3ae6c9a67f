package source

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// What the session must reach, against a plain gRPC stream of the same bytes that nobody looks at, in the same run.
const (
	throughputBar = 0.5 // × its flows per second
	latencyBar    = 3.0 // × its round trip
	memoryBar     = 64  // MiB above what the table has
	benchFlows    = 1_000_000
	benchTrips    = 2_000
)

// benchMaker makes flows like OVN's: about 90 bytes of key, 60 of actions.
func benchMaker() func(n int) flow.Flow {
	f, err := flow.ParseFlow("table=8,priority=50,reg14=0x5,metadata=0x100,dl_src=fa:16:3e:00:00:01,dl_dst=fa:16:3e:00:00:02," +
		"ip,nw_src=10.0.0.1,nw_dst=10.0.0.2 actions=set_field:0x1->reg10,set_field:0x7->reg11,resubmit(,9)")
	if err != nil {
		panic(err)
	}
	match := []byte(f.Match)
	metadata := strings.Index(string(f.Match), "\x80\x00\x04\x08") + 4
	return func(n int) flow.Flow {
		binary.BigEndian.PutUint64(match[metadata:], uint64(n))
		f.Match = flow.Match(match)
		return f
	}
}

// replace pushes FLOWS flows, all that it wants.
func replace(ctx context.Context, h *sdk.Host) error {
	flowOf := benchMaker()
	_, err := h.Replace(ctx, func(yield func(uuid.UUID, flow.Flow) bool) {
		for n := range number("FLOWS") {
			if !yield(testUUID(n), flowOf(n)) {
				return
			}
		}
	})
	return err
}

// pingPong commits one flow again and again, and says how long half of the commits took at most.
func pingPong(ctx context.Context, h *sdk.Host) error {
	flowOf := benchMaker()
	times := make([]time.Duration, benchTrips)
	for n := range times {
		txn := h.Begin()
		txn.Set(testUUID(1), flowOf(n))
		began := time.Now()
		if _, err := txn.Commit(ctx); err != nil {
			return err
		}
		times[n] = time.Since(began)
	}
	slices.Sort(times)
	h.Status(true, times[len(times)/2].String())
	return nil
}

// plainStream sends FLOWS flows in messages as the SDK makes them, and does not care what becomes of them.
func plainStream(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) {
	flowOf := benchMaker()
	for n := 0; n < number("FLOWS"); {
		txn := &pb.Txn{}
		for size := 0; len(txn.Ops) < pb.BatchOps && size < pb.BatchBytes; n++ {
			f, id := flowOf(n), testUUID(n)
			txn.Ops = append(txn.Ops, &pb.Op{Kind: pb.OpKind_OP_KIND_ADD, Uuid: id[:], Flows: []*pb.Flow{
				{Table: uint32(f.Table), Priority: uint32(f.Priority), Match: []byte(f.Match), Actions: []byte(f.Actions)},
			}})
			size += len(f.Match) + len(f.Actions) + 72
		}
		if stream.Send(&pb.SourceMessage{Message: &pb.SourceMessage_Txn{Txn: txn}}) != nil {
			return
		}
	}
}

// plainTrips answers each message with one.
func plainTrips(stream grpc.BidiStreamingServer[pb.HostMessage, pb.SourceMessage]) {
	for {
		if _, err := stream.Recv(); err != nil {
			return
		}
		if stream.Send(&pb.SourceMessage{Message: &pb.SourceMessage_Status{Status: &pb.Status{}}}) != nil {
			return
		}
	}
}

// openPlain starts a plain source and its stream.
func openPlain(b *testing.B, script string) grpc.BidiStreamingClient[pb.HostMessage, pb.SourceMessage] {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	s := New(Config{
		Plugin: Plugin{Name: "plain", Path: self, Env: []string{"PLAY=" + script, fmt.Sprint("FLOWS=", benchFlows)}},
		RunDir: b.TempDir(), Logger: hclog.NewNullLogger(),
	})
	p, err := s.start(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { p.end(0, time.Second) })
	stream, err := p.source.Session(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return stream
}

func BenchmarkThroughput(b *testing.B) {
	var streamed, pushed float64
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			stream := openPlain(b, "plain stream")
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
			streamed = float64(flows) / time.Since(began).Seconds()
		}
		b.ReportMetric(streamed, "flows/s")
	})
	b.Run("session", func(b *testing.B) {
		for b.Loop() {
			loop, err := newFakeLoop("test")
			if err != nil {
				b.Fatal(err)
			}
			loop.away = true
			r := startSourceOn(b, loop.attach, "replace", patient, fmt.Sprint("FLOWS=", benchFlows))
			r.until("connected", func(st State) bool { return st.Phase == Syncing })
			began := time.Now()
			r.until("synced", func(st State) bool { return st.Phase == Synced })
			pushed = benchFlows / time.Since(began).Seconds()
			r.stop()
		}
		b.ReportMetric(pushed, "flows/s")
	})
	bar("session.throughput", "plain gRPC", pushed/streamed, "≥", throughputBar)
}

func BenchmarkLatency(b *testing.B) {
	var bare, commit time.Duration
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			stream := openPlain(b, "plain trips")
			times := make([]time.Duration, benchTrips)
			for n := range times {
				began := time.Now()
				if err := stream.Send(&pb.HostMessage{}); err != nil {
					b.Fatal(err)
				}
				if _, err := stream.Recv(); err != nil {
					b.Fatal(err)
				}
				times[n] = time.Since(began)
			}
			slices.Sort(times)
			bare = times[benchTrips/2]
		}
		b.ReportMetric(float64(bare.Microseconds()), "µs/trip")
	})
	b.Run("session", func(b *testing.B) {
		for b.Loop() {
			r := startSource(b, "ping-pong")
			st := r.until("told", func(st State) bool { return st.Ready })
			commit, _ = time.ParseDuration(st.Text)
			r.stop()
		}
		b.ReportMetric(float64(commit.Microseconds()), "µs/commit")
	})
	bar("session.latency", "plain gRPC", float64(commit)/float64(bare), "≤", latencyBar)
}

// BenchmarkMemory pushes a million flows to nobody: what the host has in use meanwhile is above what the table would have.
func BenchmarkMemory(b *testing.B) {
	peak, before := floodPeak(b, "replace", fmt.Sprint("FLOWS=", benchFlows), 0)
	used := float64(peak-min(peak, before)) / (1 << 20)
	verdict := "pass"
	if used > memoryBar {
		verdict = "FAIL"
		b.Fail()
	}
	fmt.Printf("bar session.memory: %.0f MiB, must be ≤ %d: %s\n", used, memoryBar, verdict)
}

// bar prints a ratio to something else, and the one that must be reached: at most (≤) or at least (≥) limit.
func bar(name, beside string, ratio float64, must string, limit float64) {
	verdict := "FAIL"
	if must == "≤" && ratio <= limit || must == "≥" && ratio >= limit {
		verdict = "pass"
	}
	fmt.Printf("bar %s: %.2f × %s, must be %s %g: %s\n", name, ratio, beside, must, limit, verdict)
}
