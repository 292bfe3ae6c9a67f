package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
)

// punts are the connections that packets come and go on: one for each controller id that somebody listens to, since a connection
// has one id (NXT_SET_CONTROLLER_ID), and one for packet-outs while nobody does. They have nothing to do with the loop: a big load
// does not hold packets up, nor they the load.
type punts struct {
	config  swconn.Config
	log     hclog.Logger
	running sync.WaitGroup

	mu      sync.Mutex
	ctx     context.Context // of Run; nil before and after it
	byID    map[int]*punt
	missed  uint64    // packet-ins that nobody listened to
	refused uint64    // packets that the switch did not take
	told    time.Time // when the log was last told of one
	sent    sent
}

// tellRefused is how often the log is told that the switch refuses packets, at most.
const tellRefused = time.Second

// sendOnly is the key of the connection that hears nothing.
const sendOnly = -1

// punt is one such connection.
type punt struct {
	conn  *swconn.Conn
	id    int
	stop  context.CancelFunc
	armed chan struct{} // closed when the switch has been told what to send, or could not be

	listeners []*listener // of punts.mu
}

// listener is a session that hears what begins with a prefix.
type listener struct {
	session *Session
	sink    PacketSink
	prefix  string
}

func newPunts(config swconn.Config, log hclog.Logger) *punts {
	return &punts{config: config, log: log, byID: make(map[int]*punt)}
}

// run lets connections be made until the returned function is called.
func (p *punts) run(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	p.mu.Lock()
	p.ctx = ctx
	p.mu.Unlock()
	return func() {
		p.mu.Lock()
		p.ctx = nil
		p.mu.Unlock()
		cancel()
		p.running.Wait()
	}
}

// open returns the connection for an id, a new one if there is none. It needs p.mu.
func (p *punts) open(id int) (*punt, error) {
	if t := p.byID[id]; t != nil {
		return t, nil
	}
	if p.ctx == nil {
		return nil, ErrStopped
	}
	conn, err := swconn.New(p.config)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(p.ctx)
	t := &punt{conn: conn, id: id, stop: stop, armed: make(chan struct{})}
	p.byID[id] = t
	p.running.Go(func() { _ = conn.Run(ctx) })
	p.running.Go(func() { p.serve(t) })
	return t, nil
}

func (p *punts) subscribe(ctx context.Context, controller uint16, l *listener) error {
	t, err := p.add(controller, l)
	if err != nil {
		return err
	}
	select {
	case <-t.armed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *punts) add(controller uint16, l *listener) (*punt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.session.subscribed >= maxSubscriptions {
		return nil, fmt.Errorf("%w: over %d subscriptions to packets", table.ErrQuota, maxSubscriptions)
	}
	t, err := p.open(int(controller))
	if err != nil {
		return nil, err
	}
	l.session.subscribed++
	t.listeners = append(slices.Clone(t.listeners), l) // a packet that is being handed out goes by the list as it was
	return t, nil
}

// send sends a message over any connection, and has refused called if the switch refuses it.
func (p *punts) send(refused func(table.SwitchError), message func(*swconn.Conn) []byte) error {
	p.mu.Lock()
	var t *punt
	for _, t = range p.byID {
		break
	}
	var err error
	if t == nil {
		t, err = p.open(sendOnly)
	}
	p.mu.Unlock()
	if err != nil {
		return err
	}
	<-t.armed // it is being made: a moment
	m := message(t.conn)
	p.mu.Lock()
	p.sent.add(m, refused)
	p.mu.Unlock()
	if err = t.conn.Send(m); errors.Is(err, swconn.ErrDown) {
		return ErrNoSwitch
	}
	return err
}

// forget ends what a session listens to, and the connections that nobody needs any more.
func (p *punts) forget(s *Session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, t := range p.byID {
		t.listeners = slices.DeleteFunc(slices.Clone(t.listeners), func(l *listener) bool { return l.session == s })
		if len(t.listeners) == 0 && id != sendOnly {
			delete(p.byID, id)
			t.stop()
		}
	}
}

// serve takes what a connection says, until it ends.
func (p *punts) serve(t *punt) {
	settled := sync.OnceFunc(func() { close(t.armed) })
	defer settled()
	for e := range t.conn.Events() {
		switch e := e.(type) {
		case swconn.Up:
			_ = t.conn.Send(t.arm())
		case swconn.Down:
			settled()
		case swconn.Message:
			switch e.Type {
			case openflow.TypeBarrierReply:
				settled()
			case openflow.TypeError:
				p.refuse(e)
			case openflow.TypeExperimenter:
				p.packetIn(t, e)
			}
		}
	}
}

// arm makes the messages that tell the switch what to send, with a barrier behind them.
func (t *punt) arm() []byte {
	b := openflow.AppendSetPacketInFormat(nil, t.conn.NextXID())
	if t.id != sendOnly {
		b = openflow.AppendSetControllerID(b, t.conn.NextXID(), uint16(t.id))
		b = openflow.AppendSetAsync(b, t.conn.NextXID(), openflow.Async{PacketIn: openflow.AsyncAllPacketIns})
	}
	return openflow.AppendBarrierRequest(b, t.conn.NextXID())
}

// refuse counts the switch's refusals of packet-outs and resumed packets, tells who sent them, and writes some of them into the log.
func (p *punts) refuse(m swconn.Message) {
	e, err := openflow.ParseError(m.Data)
	p.mu.Lock()
	p.refused++
	refused, now := p.refused, time.Now()
	tell := now.Sub(p.told) >= tellRefused
	if tell {
		p.told = now
	}
	sender := p.sent.take(m.XID)
	p.mu.Unlock()
	if err == nil {
		if sender != nil {
			sender(switchError(&e))
		}
		err = &e
	}
	if !tell {
		return
	}
	p.log.Warn("the switch refuses a packet", "error", err, "so_far", refused)
}

// counts returns how many packets nobody listened to, and how many the switch did not take, ever.
func (p *punts) counts() (missed, refused uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.missed, p.refused
}

// packetIn hands a packet to those who listen to it.
func (p *punts) packetIn(t *punt, m swconn.Message) {
	in, err := openflow.ParsePacketIn(m.Data)
	if err != nil {
		p.log.Warn("packet-in not understood", "error", err)
		return
	}
	packet := &PacketIn{
		Controller: uint16(t.id), Packet: in.Packet, FullLen: max(in.FullLen, uint32(len(in.Packet))), Table: in.Table, Cookie: in.Cookie,
		Reason: in.Reason, Metadata: in.Metadata, UserData: in.Userdata, Continuation: in.Continuation,
	}
	p.mu.Lock()
	listeners := t.listeners
	p.mu.Unlock()
	heard := false
	for i, l := range listeners {
		if !l.wants(in.Userdata) {
			continue
		}
		again := slices.ContainsFunc(listeners[:i], func(x *listener) bool { return x.session == l.session && x.wants(in.Userdata) })
		if heard = true; !again {
			l.session.waiting.given(in.Continuation)
			l.sink.PacketIn(packet)
		}
	}
	if !heard {
		p.mu.Lock()
		p.missed++
		p.mu.Unlock()
	}
}

func (l *listener) wants(userData []byte) bool { return strings.HasPrefix(string(userData), l.prefix) }
