package source

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

// What comes in at port 1 goes to the controller, which sends it out at port 2; what pauses goes on through table 1 to port 2.
const (
	puntFlow   = "table=0,priority=1,in_port=1 actions=controller(id=5,userdata=70.75.6e.74)"
	pauseFlow  = "table=0,priority=2,in_port=1,dl_type=0x88b5 actions=controller(id=5,userdata=70.75.6e.74,pause),resubmit(,1)"
	onwardFlow = "table=1 actions=output:2"
)

// bouncer sends every packet that it hears on to port 2.
func bouncer(ctx context.Context, h *sdk.Host) error {
	packets, err := h.PacketIns(ctx, 5, []byte("punt"))
	if err != nil {
		return err
	}
	txn := h.Begin()
	for n, text := range []string{puntFlow, pauseFlow, onwardFlow} {
		f, err := flow.ParseFlow(text)
		if err != nil {
			return err
		}
		txn.Set(testUUID(n), f)
	}
	if _, err := txn.CommitAndWait(ctx); err != nil {
		return err
	}
	if _, err := h.SyncDone(ctx); err != nil {
		return err
	}
	h.Status(true, "bouncing")
	onward, err := flow.NewActions(flow.Output(2))
	if err != nil {
		return err
	}
	for p := range packets {
		if len(p.Continuation) > 0 {
			err = h.Resume(ctx, p)
		} else {
			err = h.PacketOut(ctx, sdk.PacketOut{Actions: onward, Packet: p.Packet})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mistaken sends packets that come from a port which no switch has, and says which of them were refused, and what it is told of the switch.
func mistaken(ctx context.Context, h *sdk.Host) error {
	events := h.Events()
	onward, err := flow.NewActions(flow.Output(2))
	if err != nil {
		return err
	}
	from, err := flow.ParseFlow("in_port=65280 actions=drop") // OFPP_MAX of OpenFlow 1.0, where Open vSwitch's ports end
	if err != nil {
		return err
	}
	for h.Switch().Features.Tables == 0 {
		select {
		case <-events:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for note := range uint64(3) {
		p := sdk.PacketOut{Actions: onward, Packet: ethernet(0x0800, 1), Note: 10 + note}
		if note != 1 {
			p.Metadata = from.Match
		}
		if err := h.PacketOut(ctx, p); err != nil {
			return err
		}
	}
	said := fmt.Sprintf("tables=%d", h.Switch().Features.Tables)
	for n := 0; n < 2; {
		select {
		case e := <-events:
			if r, ok := e.(sdk.PacketRefused); ok {
				said += fmt.Sprintf(" %d:%s", r.Note, r.Text)
				n++
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	h.Status(true, said)
	<-ctx.Done()
	return nil
}

// wire is the other end of a port of the dummy datapath: frames with two bytes of length before each (netdev-dummy.c).
type wire struct{ net.Conn }

func (w wire) send(frame []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(frame))), frame...))
	return err
}

func (w wire) receive() ([]byte, error) {
	_ = w.SetReadDeadline(time.Now().Add(30 * time.Second))
	var n [2]byte
	if _, err := io.ReadFull(w, n[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint16(n[:]))
	_, err := io.ReadFull(w, frame)
	return frame, err
}

// wired starts a real ovs-vswitchd whose bridge has the ports 1 and 2, and takes hold of their other ends.
func wired(t testing.TB) (s *ovstest.Sandbox, one, two wire) {
	t.Helper()
	s = ovstest.Start(t, ovstest.Options{})
	dir, err := os.MkdirTemp("", "wire")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var ends [2]wire
	for i := range ends {
		name := fmt.Sprintf("w%d", i+1)
		socket := filepath.Join(dir, name)
		if _, err := s.Run("ovs-vsctl", "add-port", ovstest.Bridge, name, "--", "set", "Interface", name, "type=dummy",
			fmt.Sprintf("ofport_request=%d", i+1), "options:pstream=punix:"+socket); err != nil {
			t.Fatal(err)
		}
		ovstest.Eventually(t, 20*time.Second, func() error {
			conn, err := net.Dial("unix", socket)
			ends[i] = wire{conn}
			return err
		})
		t.Cleanup(func() { _ = ends[i].Close() })
	}
	return s, ends[0], ends[1]
}

// bouncing runs the bouncer on a host of a real switch.
func bouncing(t testing.TB, s *ovstest.Sandbox) *running {
	t.Helper()
	r := onRealSwitch(t, s, "bouncer")
	r.tells("bouncing")
	return r
}

// onRealSwitch runs a script on a host of a real switch.
func onRealSwitch(t testing.TB, s *ovstest.Sandbox, script string) *running {
	t.Helper()
	spec := table.OwnerSpec{
		Name: "test", Slot: 3, Expected: true,
		Tables:     []table.Range[flow.TableID]{{First: 0, Last: 1}},
		Priorities: []table.Range[flow.Priority]{{First: 0, Last: 65535}},
		PacketIn:   table.PacketIns{Controllers: []table.Range[uint16]{{First: 5, Last: 5}}, UserData: []string{"punt"}},
		PacketOut:  []table.Range[flow.TableID]{{First: 1, Last: 1}},
	}
	loop, err := apply.New(apply.Config{
		Owners: []table.OwnerSpec{spec}, Logger: hclog.NewNullLogger(),
		Switch: swconn.Config{Target: s.Mgmt(ovstest.Bridge), BackoffMin: 10 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var looping sync.WaitGroup
	looping.Go(func() { _ = loop.Run(ctx) })
	t.Cleanup(func() { cancel(); looping.Wait() })
	return startSourceOn(t, ToLoop(loop), script, patient)
}

// TestRefusedPacketsAreTold has the switch refuse the first and third of a source's packets.
func TestRefusedPacketsAreTold(t *testing.T) {
	s, _, two := wired(t)
	onRealSwitch(t, s, "mistaken").tells("tables=254 10:OFPBRC_BAD_PORT 12:OFPBRC_BAD_PORT")
	if got, err := two.receive(); err != nil || !bytes.Equal(got, ethernet(0x0800, 1)) {
		t.Errorf("the good one: %x, %v", got, err)
	}
}

func ethernet(etherType uint16, n int) []byte {
	b := make([]byte, 64)
	copy(b, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01")
	binary.BigEndian.PutUint16(b[12:], etherType)
	binary.BigEndian.PutUint64(b[14:], uint64(n))
	return b
}

func TestPacketsThroughARealSwitch(t *testing.T) {
	s, one, two := wired(t)
	bouncing(t, s)
	for n, etherType := range []uint16{0x0800, 0x88b5, 0x0800, 0x88b5} { // sent on by a packet-out, and resumed
		want := ethernet(etherType, n)
		if err := one.send(want); err != nil {
			t.Fatal(err)
		}
		if got, err := two.receive(); err != nil || !bytes.Equal(got, want) {
			t.Errorf("frame %d: %x, %v; want %x", n, got, err, want)
		}
	}
}

// bareController bounces packets by hand, on a connection that does nothing else.
func bareController(t testing.TB, s *ovstest.Sandbox) {
	t.Helper()
	conn, err := swconn.New(swconn.Config{Target: s.Mgmt(ovstest.Bridge)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = conn.Run(ctx) })
	up := make(chan struct{})
	running.Go(func() {
		for e := range conn.Events() {
			m, isMessage := e.(swconn.Message)
			switch {
			case isMessage && m.Type == openflow.TypeBarrierReply:
				close(up)
			case isMessage && m.Type == openflow.TypeExperimenter:
				if p, err := openflow.ParsePacketIn(m.Data); err == nil {
					_ = conn.Send(openflow.AppendPacketOut(nil, conn.NextXID(), &openflow.PacketOut{
						Match: []byte("\x80\x00\x00\x04\xff\xff\xff\xfd"), Packet: p.Packet,
						Actions: []byte{0, 0, 0, 16, 0, 0, 0, 2, 0xff, 0xff, 0, 0, 0, 0, 0, 0}, // OFPAT_OUTPUT to port 2
					}))
				}
			case !isMessage:
				b := openflow.AppendSetPacketInFormat(nil, conn.NextXID())
				b = openflow.AppendSetControllerID(b, conn.NextXID(), 5)
				b = openflow.AppendSetAsync(b, conn.NextXID(), openflow.Async{PacketIn: openflow.AsyncAllPacketIns})
				_ = conn.Send(openflow.AppendBarrierRequest(b, conn.NextXID()))
			}
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	<-up
}

const (
	packetTrips = 500
	packetBar   = 3.0 // × a bare controller's round trip
)

// trips returns the middle one of the times that frames take from one wire to the other.
func trips(t testing.TB, one, two wire) time.Duration {
	t.Helper()
	times := make([]time.Duration, packetTrips)
	for n := range times {
		began := time.Now()
		if err := one.send(ethernet(0x0800, n)); err != nil {
			t.Fatal(err)
		}
		if _, err := two.receive(); err != nil {
			t.Fatal(err)
		}
		times[n] = time.Since(began)
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// BenchmarkPacketTrip is the way from the datapath through the host to a plugin and back into the datapath, beside that through a
// controller that does nothing else.
func BenchmarkPacketTrip(b *testing.B) {
	ovstest.Need(b, "ovs-vswitchd", "ovsdb-server")
	var bare, hosted time.Duration
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			s, one, two := wired(b)
			if _, err := s.Run("ovs-ofctl", "-O", "OpenFlow15", "add-flow", ovstest.Bridge, puntFlow); err != nil {
				b.Fatal(err)
			}
			bareController(b, s)
			bare = trips(b, one, two)
		}
		b.ReportMetric(float64(bare.Microseconds()), "µs/trip")
	})
	b.Run("session", func(b *testing.B) {
		for b.Loop() {
			s, one, two := wired(b)
			bouncing(b, s)
			hosted = trips(b, one, two)
		}
		b.ReportMetric(float64(hosted.Microseconds()), "µs/trip")
	})
	fmt.Printf("packet trip p50: %v through a plugin, %v through a bare controller\n", hosted, bare)
	bar("packet.trip", "a bare controller", float64(hosted)/float64(bare), "≤", packetBar)
}
