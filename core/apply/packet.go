package apply

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// PacketIn is a packet that the switch has sent to a controller. Nobody changes it.
type PacketIn struct {
	Controller   uint16
	Packet       []byte // an Ethernet frame, perhaps its beginning only
	FullLen      uint32 // bytes of the whole frame
	Table        flow.TableID
	Cookie       flow.Cookie
	Reason       uint8  // OFPR_*
	Metadata     []byte // OXM TLVs
	UserData     []byte
	Continuation []byte // not empty: the packet waits, and Session.Resume makes it go on
}

// PacketSink is a Sink that hears packets, too, once its session has subscribed.
type PacketSink interface {
	// PacketIn is not called in the loop, and must not block.
	PacketIn(*PacketIn)
}

// PacketOut is a packet for the switch.
type PacketOut struct {
	Metadata flow.Match   // its metadata fields; without in_port, it comes from the controller
	Actions  flow.Actions // empty, or one apply_actions
	Packet   []byte
}

// maxSubscriptions is how many a session may have.
const maxSubscriptions = 256

// Subscribe makes the session's sink, which is a PacketSink, hear the packets for a controller whose user data begin with a prefix,
// until Detach. It returns when the switch has been told, or is not connected. Errors: table.ErrFenced, table.ErrQuota, ErrStopped.
func (s *Session) Subscribe(ctx context.Context, controller uint16, prefix string) error {
	if !s.owner.spec.PacketIn.Has(controller, prefix) {
		return fmt.Errorf("%w: packets for controller %d with user data %x", table.ErrFenced, controller, prefix)
	}
	sink, ok := s.sink.(PacketSink)
	if !ok {
		return errors.New("the session's sink takes no packets")
	}
	return s.loop.punts.subscribe(ctx, controller, &listener{session: s, sink: sink, prefix: prefix})
}

// SendPacket sends a packet out. No answer of the switch is waited for; if it refuses the packet, refused is called, not in the loop, and
// must not block, unless a thousand others were sent meanwhile. Errors: table.ErrFenced, ErrBadMatch, ErrBadActions and ErrTooBig
// of package table, ErrNoSwitch, ErrStopped.
func (s *Session) SendPacket(p *PacketOut, refused func(table.SwitchError)) error {
	actions := p.Actions
	if !actions.IsCanonical() {
		var err error
		if actions, err = flow.CanonicalActions([]byte(actions)); err != nil {
			return err
		}
	}
	list, err := s.owner.spec.CheckPacketOut(actions)
	if err != nil {
		return err
	}
	match, err := packetMatch(p.Metadata)
	if err != nil {
		return err
	}
	out := openflow.PacketOut{Match: match, Actions: []byte(list), Packet: p.Packet}
	if n := openflow.PacketOutLen(&out); n > openflow.MaxMessageLen {
		return fmt.Errorf("%w: a packet-out of %d bytes", table.ErrTooBig, n)
	}
	return s.loop.punts.send(refused, func(c *swconn.Conn) []byte { return openflow.AppendPacketOut(nil, c.NextXID(), &out) })
}

// packetMatch is the match of a packet-out. It must have an in_port.
func packetMatch(m flow.Match) ([]byte, error) {
	if !m.IsCanonical() {
		var err error
		if m, err = flow.CanonicalMatch([]byte(m)); err != nil {
			return nil, err
		}
	}
	for t := range m.Terms() {
		if f := t.Field(); f == flow.InPort || f == flow.InPortOXM {
			return []byte(m), nil
		}
	}
	const fromController = "\x80\x00\x00\x04\xff\xff\xff\xfd" // OXM_OF_IN_PORT, OFPP_CONTROLLER
	return append([]byte(fromController), m...), nil
}

// Resume makes a packet that waits go on, perhaps with another frame or other metadata. Only one that this session was given
// lately can go on: a continuation that somebody made up could send a packet anywhere. For refused, see SendPacket.
// Errors: table.ErrFenced, table.ErrTooBig, ErrNoSwitch.
func (s *Session) Resume(p *PacketIn, refused func(table.SwitchError)) error {
	if !s.waiting.take(p.Continuation) {
		return fmt.Errorf("%w: no such packet waits for this source", table.ErrFenced)
	}
	in := openflow.PacketIn{
		Packet: p.Packet, Table: p.Table, Cookie: p.Cookie, Reason: p.Reason,
		Metadata: p.Metadata, Userdata: p.UserData, Continuation: p.Continuation,
	}
	if n := len(p.Packet) + len(p.Metadata) + len(p.UserData) + len(p.Continuation); n > maxResume {
		return fmt.Errorf("%w: a resumed packet of %d bytes", table.ErrTooBig, n)
	}
	return s.loop.punts.send(refused, func(c *swconn.Conn) []byte { return openflow.AppendResume(nil, c.NextXID(), &in) })
}

// maxResume is the size of what fits into an NXT_RESUME, with room for headers and padding.
const maxResume = openflow.MaxMessageLen - 256

// continuations are the packets that were given to a session and wait: the latest ones, by a hash.
type continuations struct {
	mu   sync.Mutex
	seed maphash.Seed
	ring [maxWaiting]uint64 // 0: none
	next int
	at   map[uint64]int // where in ring
}

// maxWaiting is how many packets may wait for a session; of more, the oldest cannot go on.
const maxWaiting = 4096

func newContinuations() *continuations {
	return &continuations{seed: maphash.MakeSeed(), at: make(map[uint64]int)}
}

// given notes a packet; one without a continuation does not wait.
func (c *continuations) given(continuation []byte) {
	if len(continuation) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	h := maphash.Bytes(c.seed, continuation) | 1
	if c.at[c.ring[c.next]] == c.next {
		delete(c.at, c.ring[c.next])
	}
	c.ring[c.next], c.at[h] = h, c.next
	c.next = (c.next + 1) % maxWaiting
}

// take says whether a packet waits, which it does no longer then.
func (c *continuations) take(continuation []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := maphash.Bytes(c.seed, continuation) | 1
	i, ok := c.at[h]
	if ok {
		delete(c.at, h)
		c.ring[i] = 0
	}
	return ok
}
