package swconn

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flowhost/flowhost/core/openflow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A peer plays the switch by hand on one end of a pipe.
type peer struct {
	t  testing.TB
	nc net.Conn
}

// read reads one message; nil when the connection is broken.
func (p peer) read() []byte {
	head := make([]byte, openflow.HeaderLen)
	if _, err := io.ReadFull(p.nc, head); err != nil {
		return nil
	}
	msg := append(head, make([]byte, messageLen(head)-len(head))...)
	if _, err := io.ReadFull(p.nc, msg[len(head):]); err != nil {
		return nil
	}
	return msg
}

func (p peer) write(msg []byte) { p.nc.Write(msg) } // an error shows in what is read next

// shakeHands does the switch's part of the handshake.
func (p peer) shakeHands() {
	p.read()
	p.answerHello()
}

// answerHello does what follows the controller's hello.
func (p peer) answerHello() {
	p.write(openflow.AppendHello(nil, 0))
	h, _ := openflow.ParseHeader(p.read())
	p.write(openflow.AppendFeaturesReply(nil, h.XID, openflow.Features{DatapathID: 7, Tables: 254}))
}

// pipe returns a function that dials a peer that plays play, once for each connection.
func pipe(t testing.TB, play func(peer)) func(context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			play(peer{t, theirs})
		}()
		return ours, nil
	}
}

// run starts a Conn that is stopped when the test ends.
func run(t testing.TB, cfg Config) *Conn {
	t.Helper()
	setDefault(&cfg.BackoffMin, time.Millisecond)
	setDefault(&cfg.BackoffMax, 20*time.Millisecond)
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
		if _, open := <-c.Events(); open {
			t.Error("Events is open after Run")
		}
	})
	return c
}

// next returns the next event, which must be an E.
func next[E Event](t testing.TB, c *Conn) E {
	t.Helper()
	select {
	case e := <-c.Events():
		got, ok := e.(E)
		if !ok {
			t.Fatalf("want a %T, got %#v", got, e)
		}
		return got
	case <-time.After(10 * time.Second):
		var want E
		t.Fatalf("no %T came", want)
		panic("unreachable")
	}
}

func TestUpMessageDown(t *testing.T) {
	c := run(t, Config{Dial: pipe(t, func(p peer) {
		p.shakeHands()
		p.write(openflow.AppendEchoReply(openflow.AppendBarrierReply(nil, 5), 6, nil)) // what the owner sees, and what it does not
		p.read()
	})})
	for session := uint64(1); session < 4; session++ {
		up := next[Up](t, c)
		if up.Session != session || up.Features.DatapathID != 7 {
			t.Fatalf("session %d: %+v", session, up)
		}
		m := next[Message](t, c)
		if m.Session != session || m.Type != openflow.TypeBarrierReply || m.XID != 5 || len(m.Data) != openflow.HeaderLen {
			t.Fatalf("session %d: %+v", session, m)
		}
		if err := c.Send(openflow.AppendBarrierRequest(nil, c.NextXID())); err != nil {
			t.Fatal(err)
		}
		down := next[Down](t, c)
		if down.Session != session || !errors.Is(down.Err, io.EOF) || down.Retry <= 0 {
			t.Fatalf("session %d: %+v", session, down)
		}
	}
}

// TestSendNeedsASession refuses to send before the first session, and from the loss of one until the owner knows of the next.
func TestSendNeedsASession(t *testing.T) {
	barrier := openflow.AppendBarrierRequest(nil, 1)
	start, cut := make(chan struct{}), make(chan struct{})
	c := run(t, Config{Dial: pipe(t, func(p peer) {
		<-start
		p.shakeHands()
		<-cut
	})})
	if err := c.Send(barrier); !errors.Is(err, ErrDown) {
		t.Errorf("before a session: %v", err)
	}
	close(start)
	next[Up](t, c)
	cut <- struct{}{}
	for c.Send(barrier) == nil { // until the loss is noticed
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond) // the next session is up by now, but the owner has not taken the Down
	if err := c.Send(barrier); !errors.Is(err, ErrDown) || c.Backlog() != 0 {
		t.Errorf("before the owner knows of the loss: %v, backlog %d", err, c.Backlog())
	}
	next[Down](t, c)
	next[Up](t, c)
	if err := c.Send(barrier); err != nil {
		t.Errorf("in the second session: %v", err)
	}
	close(cut)
}

// TestReset ends a session because the owner wants it, and nothing when there is none.
func TestReset(t *testing.T) {
	start := make(chan struct{})
	c := run(t, Config{Dial: pipe(t, func(p peer) {
		<-start
		p.shakeHands()
		p.read()
	})})
	why := errors.New("the owner wants it")
	c.Reset(why)
	close(start)
	next[Up](t, c)
	c.Reset(why)
	c.Reset(errors.New("twice"))
	if down := next[Down](t, c); down.Session != 1 || !errors.Is(down.Err, why) {
		t.Errorf("%+v", down)
	}
	next[Up](t, c)
}

func TestSendRefusesFragments(t *testing.T) {
	c := run(t, Config{Dial: pipe(t, func(p peer) {
		p.shakeHands()
		for p.read() != nil {
		}
	})})
	next[Up](t, c)
	whole := openflow.AppendBarrierRequest(nil, 1)
	for _, msgs := range [][]byte{whole[:7], append(whole, 6), {6, 20, 0, 7, 0, 0, 0, 1}, {6, 20, 0, 9, 0, 0, 0, 1}} {
		if err := c.Send(msgs); !errors.Is(err, ErrMessages) {
			t.Errorf("%x: %v", msgs, err)
		}
	}
	if err := c.Send(nil); err != nil {
		t.Errorf("nothing: %v", err)
	}
}

// TestEchoAnswered answers echo requests while the owner reads no events, as long as what it does not read fits.
func TestEchoAnswered(t *testing.T) {
	answered := make(chan string, 1)
	c := run(t, Config{Dial: pipe(t, func(p peer) {
		p.shakeHands()
		p.write(openflow.AppendBarrierReply(openflow.AppendBarrierReply(nil, 1), 2))
		p.write(openflow.AppendEchoRequest(nil, 77, []byte("are you there")))
		msg := p.read()
		if h, _ := openflow.ParseHeader(msg); h.Type == openflow.TypeEchoReply && h.XID == 77 {
			answered <- string(msg[openflow.HeaderLen:])
		}
		p.read()
	})})
	select {
	case data := <-answered:
		if data != "are you there" {
			t.Errorf("answered %q", data)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no answer")
	}
	next[Up](t, c)
}

// TestEchoOvertakes answers an echo request while a megabyte is queued, before that is written.
func TestEchoOvertakes(t *testing.T) {
	const load = 1 << 20
	result := make(chan int, 1)
	ready := make(chan struct{})
	c := run(t, Config{Dial: pipe(t, func(p peer) {
		p.shakeHands()
		<-ready
		go p.write(openflow.AppendEchoRequest(nil, 77, nil))
		time.Sleep(50 * time.Millisecond) // it is read meanwhile
		before := 0
		for msg := p.read(); msg != nil; msg = p.read() {
			if openflow.Type(msg[1]) == openflow.TypeEchoReply {
				break
			}
			before += len(msg)
		}
		result <- before
		for p.read() != nil {
		}
	})})
	next[Up](t, c)
	msg := openflow.AppendEchoRequest(nil, 1, make([]byte, 1000))
	for c.Backlog() < load {
		if err := c.Send(msg); err != nil {
			t.Fatal(err)
		}
	}
	close(ready)
	if before := <-result; before > batchLen {
		t.Errorf("%d bytes came before the reply; at most one batch may", before)
	}
}

// TestSilence gives up a switch that says nothing, after it was asked.
func TestSilence(t *testing.T) {
	asked := make(chan struct{}, 100)
	c := run(t, Config{
		EchoInterval: 20 * time.Millisecond, EchoTimeout: 60 * time.Millisecond,
		Dial: pipe(t, func(p peer) {
			p.shakeHands()
			for msg := p.read(); msg != nil; msg = p.read() {
				if openflow.Type(msg[1]) == openflow.TypeEchoRequest {
					asked <- struct{}{}
				}
			}
		}),
	})
	next[Up](t, c)
	if down := next[Down](t, c); !errors.Is(down.Err, ErrSilent) {
		t.Errorf("down because of %v", down.Err)
	}
	if len(asked) == 0 {
		t.Error("the switch was not asked for an echo")
	}
}

// TestEchoKeepsAlive keeps a switch that says nothing but answers.
func TestEchoKeepsAlive(t *testing.T) {
	var answers atomic.Int32
	c := run(t, Config{
		EchoInterval: 10 * time.Millisecond, EchoTimeout: 500 * time.Millisecond,
		Dial: pipe(t, func(p peer) {
			p.shakeHands()
			for msg := p.read(); msg != nil; msg = p.read() {
				h, _ := openflow.ParseHeader(msg)
				p.write(openflow.AppendEchoReply(nil, h.XID, nil))
				if answers.Add(1) == 10 {
					p.write(openflow.AppendBarrierReply(nil, 1))
				}
			}
		}),
	})
	next[Up](t, c)
	next[Message](t, c)
}

// TestSlowOwner reads no events while the switch says more than is read ahead: the switch still hears of us, and is not
// given up.
func TestSlowOwner(t *testing.T) {
	const messages = 2 * inboxLen
	asked := make(chan struct{}, 1000)
	c := run(t, Config{
		EchoInterval: 10 * time.Millisecond, EchoTimeout: 30 * time.Millisecond,
		Dial: pipe(t, func(p peer) {
			p.shakeHands()
			go func() {
				for range messages {
					p.write(openflow.AppendBarrierReply(nil, 1))
				}
			}()
			for p.read() != nil {
				asked <- struct{}{}
			}
		}),
	})
	next[Up](t, c)
	for range 10 { // far longer than silence would be suffered
		<-asked
	}
	for range messages {
		next[Message](t, c)
	}
}

// TestStuckSwitch gives up a switch that does not read; Send does not block meanwhile.
func TestStuckSwitch(t *testing.T) {
	end := make(chan struct{})
	defer close(end)
	c := run(t, Config{
		EchoInterval: 50 * time.Millisecond, EchoTimeout: time.Second,
		Dial: pipe(t, func(p peer) {
			p.shakeHands()
			<-end
		}),
	})
	next[Up](t, c)
	msg := openflow.AppendEchoRequest(nil, 1, make([]byte, 60000))
	for range 100 {
		if err := c.Send(msg); err != nil {
			t.Fatal(err)
		}
	}
	if backlog := c.Backlog(); backlog != 100*len(msg) {
		t.Errorf("backlog %d of %d", backlog, 100*len(msg))
	}
	if down := next[Down](t, c); !errors.Is(down.Err, ErrSilent) {
		t.Errorf("down because of %v", down.Err)
	}
	if c.Backlog() != 0 {
		t.Errorf("backlog %d without a session", c.Backlog())
	}
}

func TestBadPeers(t *testing.T) {
	hello13 := []byte{4, 0, 0, 8, 0, 0, 0, 1}
	bitmap13 := []byte{6, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8, 0, 0, 0, 1<<4 | 1<<1}
	hello := openflow.AppendHello(nil, 1)
	features := func(p peer) (xid uint32) {
		p.read()
		p.write(hello)
		h, _ := openflow.ParseHeader(p.read())
		return h.XID
	}
	for _, test := range []struct {
		name string
		play func(peer)
		want error
		text string
	}{
		{"OpenFlow 1.3", func(p peer) { p.read(); p.write(hello13) }, ErrVersion, "OpenFlow10, OpenFlow11, OpenFlow12, OpenFlow13"},
		{"OpenFlow 1.0 and 1.3 by bitmap", func(p peer) { p.read(); p.write(bitmap13) }, ErrVersion, "offers OpenFlow10, OpenFlow13;"},
		{"no hello", func(p peer) { p.read(); p.write(openflow.AppendBarrierReply(nil, 1)) }, ErrProtocol, "hello"},
		{"HTTP", func(p peer) { p.read(); p.write([]byte("HTTP/1.1 400 Bad Request\r\n" + strings.Repeat(" ", 30000))) }, ErrProtocol, ""},
		{"length 0", func(p peer) { p.read(); p.write(make([]byte, 8)) }, ErrProtocol, "shorter"},
		{"closed at once", func(p peer) {}, io.ErrClosedPipe, ""},
		{"closed after hello", func(p peer) { features(p) }, io.EOF, "closed the connection"},
		{"closed in a message", func(p peer) { p.read(); p.write(hello[:9]) }, io.EOF, "closed the connection"},
		{"features in OpenFlow 1.3", func(p peer) {
			p.write(append([]byte{4}, openflow.AppendFeaturesReply(nil, features(p), openflow.Features{})[1:]...))
		}, ErrProtocol, "version 4"},
		{"features too short", func(p peer) {
			xid := features(p)
			p.write([]byte{6, 6, 0, 8, byte(xid >> 24), byte(xid >> 16), byte(xid >> 8), byte(xid)})
		}, openflow.ErrMessage, "features reply"},
		{"refused", func(p peer) {
			e, _ := openflow.ErrorNamed("OFPBRC_EPERM")
			e.XID = features(p)
			p.write(openflow.AppendError(nil, &e))
		}, ErrProtocol, "OFPBRC_EPERM"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := run(t, Config{EchoTimeout: time.Second, Dial: pipe(t, test.play)})
			for range 2 { // it is not taken for good the second time either
				down := next[Down](t, c)
				if !errors.Is(down.Err, test.want) || !strings.Contains(down.Err.Error(), test.text) {
					t.Errorf("down because of %v; want %v", down.Err, test.want)
				}
			}
		})
	}
}

// TestEchoDuringHandshake answers a switch that asks before it has said its features.
func TestEchoDuringHandshake(t *testing.T) {
	c := run(t, Config{Dial: pipe(t, func(p peer) {
		p.read()
		p.write(openflow.AppendHello(nil, 1))
		features, _ := openflow.ParseHeader(p.read())
		p.write(openflow.AppendEchoRequest(nil, 9, []byte("x")))
		if echo, _ := openflow.ParseHeader(p.read()); echo.Type != openflow.TypeEchoReply || echo.XID != 9 {
			return
		}
		p.write(openflow.AppendFeaturesReply(nil, features.XID, openflow.Features{}))
		p.read()
	})})
	next[Up](t, c)
}

// TestGarbageWhenUp ends a session in which the switch says something else than OpenFlow 1.5.
func TestGarbageWhenUp(t *testing.T) {
	for _, garbage := range [][]byte{{4, 21, 0, 8, 0, 0, 0, 1}, {6, 21, 0, 3, 0, 0, 0, 1}, []byte("not OpenFlow" + strings.Repeat(".", 30000))} {
		c := run(t, Config{Dial: pipe(t, func(p peer) {
			p.shakeHands()
			p.write(garbage)
			p.read()
		})})
		next[Up](t, c)
		if down := next[Down](t, c); !errors.Is(down.Err, ErrProtocol) {
			t.Errorf("%x: down because of %v", garbage, down.Err)
		}
	}
}

// TestErrorOfOpenFlow10 is what ovs-vswitchd 3.1 says to a bad flow monitor request; it is handed over, and ends nothing.
func TestErrorOfOpenFlow10(t *testing.T) {
	c := run(t, Config{Dial: pipe(t, func(p peer) {
		p.shakeHands()
		p.write([]byte{1, 1, 0, 16, 0, 0, 0, 5, 0xff, 0xff, 0, 1, 0, 0, 0x23, 0x20})
		p.write(openflow.AppendBarrierReply(nil, 6))
		p.read()
	})})
	next[Up](t, c)
	m := next[Message](t, c)
	if e, err := openflow.ParseError(m.Data); m.Type != openflow.TypeError || err != nil || e.XID != 5 {
		t.Errorf("%+v: %+v, %v", m, e, err)
	}
	if m := next[Message](t, c); m.XID != 6 {
		t.Errorf("%+v", m)
	}
}

// TestSocketAppears waits for a socket that does not exist, without hurry, and connects when it does.
func TestSocketAppears(t *testing.T) {
	path := filepath.Join(t.TempDir(), "br.mgmt")
	c := run(t, Config{Target: "unix:" + path})
	start := time.Now()
	for range 5 {
		if down := next[Down](t, c); down.Err == nil {
			t.Fatal("no error")
		}
	}
	if d := time.Since(start); d < 10*time.Millisecond { // 1+2+4+8 ms, shortened by a quarter at most
		t.Errorf("5 attempts within %v", d)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		p := peer{t, nc}
		p.shakeHands()
		p.read()
	}()
	for {
		if e := <-c.Events(); e != nil {
			if _, ok := e.(Up); ok {
				return
			}
		}
	}
}

// TestRunEnds wherever it is when its context ends; goleak sees to it that nothing stays behind.
func TestRunEnds(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  Config
	}{
		{"dialling", Config{Dial: func(ctx context.Context) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }}},
		{"pausing", Config{Target: "unix:/nonexistent/socket", BackoffMin: time.Hour}},
		{"hello", Config{Dial: pipe(t, func(p peer) { p.read(); p.read() })}},
		{"telling", Config{Dial: pipe(t, func(p peer) {
			p.shakeHands()
			for range 10 * inboxLen {
				p.write(openflow.AppendBarrierReply(nil, 1))
			}
		})}},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, test.cfg)
			time.Sleep(20 * time.Millisecond)
		})
	}
}
