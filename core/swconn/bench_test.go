package swconn

import (
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk/flow"
)

// listen plays a switch on a unix socket; play gets the connection after the handshake.
func listen(b *testing.B, play func(net.Conn)) *Conn {
	b.Helper()
	path := filepath.Join(b.TempDir(), "br.mgmt")
	l, err := net.Listen("unix", path)
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		defer l.Close()
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		peer{b, nc}.shakeHands()
		play(nc)
	}()
	c := run(b, Config{Target: "unix:" + path})
	next[Up](b, c)
	return c
}

// BenchmarkSend sends flow mods of 152 bytes in bundles, 64 KiB at a time, to a switch that throws them away.
func BenchmarkSend(b *testing.B) {
	c := listen(b, func(nc net.Conn) { io.Copy(io.Discard, nc) })
	var batch []byte
	f := flow.Flow{Key: flow.Key{Match: flow.Match(make([]byte, 39))}, Actions: flow.Actions(make([]byte, 56))}
	flows := 0
	for len(batch) < 60_000 {
		var mark int
		batch, mark = openflow.BeginBundleAdd(batch, 1, 1, openflow.BundleOrdered)
		batch = openflow.EndBundleAdd(openflow.AppendFlowAdd(batch, 1, &f), mark)
		flows++
	}
	b.ReportAllocs()
	for b.Loop() {
		for c.Backlog() > 1<<20 {
			time.Sleep(100 * time.Microsecond)
		}
		if err := c.Send(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*flows), "ns/flow")
}

// BenchmarkReceive hands over messages of 64 KiB, as a dump is made of.
func BenchmarkReceive(b *testing.B) {
	msg := openflow.AppendEchoRequest(nil, 1, make([]byte, 65000))
	msg[1] = byte(openflow.TypeMultipartReply)
	c := listen(b, func(nc net.Conn) {
		for {
			if _, err := nc.Write(msg); err != nil {
				return
			}
		}
	})
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	for b.Loop() {
		next[Message](b, c)
	}
}
