package sdk

import (
	"context"

	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// maxPackets is how many packets wait for the author. More are left out.
const maxPackets = 1024

// PacketIn is a packet that the switch has sent to a controller (ovs-actions(7), The controller action).
type PacketIn struct {
	Controller   uint16 // id in the action
	UserData     []byte // of the action
	Packet       []byte // an Ethernet frame, perhaps its beginning only
	FullLen      uint32 // bytes of the whole frame
	Table        flow.TableID
	Cookie       flow.Cookie // of the flow that sent it
	Reason       uint8       // OFPR_* (OpenFlow 1.5 §7.4.1)
	Metadata     flow.Match  // in_port, registers and so on; canonical if this SDK knows the fields
	Continuation []byte      // not empty: the packet waits, and Host.Resume makes it go on
	Dropped      uint64      // how many packets were left out since the session began, because they were not read in time
}

// PacketOut is a packet for the switch.
type PacketOut struct {
	Metadata flow.Match   // its metadata fields; without in_port, the packet comes from the controller
	Actions  flow.Actions // what happens to it: see flow.NewActions; none: it is dropped
	Packet   []byte       // an Ethernet frame
	Note     uint64       // the author's own: PacketRefused has it if the switch refuses the packet
}

// packets are the session's, beside its transactions. session.mu guards them.
type packets struct {
	in     chan PacketIn // nil until the author asks
	lost   uint64        // packets for which there was no room in it
	lastID uint64
	open   map[uint64]chan error // packets sent and not answered; each has room for the answer
	notes  [maxPackets]note      // of the latest; the one of id is at id modulo maxPackets
}

type note struct{ id, note uint64 }

// PacketIns subscribes to the packets that the switch sends to a controller with user data that begin with these, and returns the channel
// on which all packets of this source come, the same one on each call, closed when the session ends. The fence says which packets a
// source may hear. Packets that are not read in time are left out, and counted.
//
// Errors: ErrFenced, ErrUnsupported, and those of Txn.Commit.
func (h *Host) PacketIns(ctx context.Context, controller uint16, userData []byte) (<-chan PacketIn, error) {
	s := h.session
	if err := s.supports(pb.CapabilityPacket); err != nil {
		return nil, err
	}
	in := s.packetChannel()
	a := s.request(ctx, nil, one(func(id uint64) *pb.SourceMessage {
		return &pb.SourceMessage{Message: &pb.SourceMessage_Subscribe{Subscribe: &pb.Subscribe{
			Id: id, Controller: uint32(controller), Userdata: userData}}}
	}))
	if err := a.error(nil); err != nil {
		return nil, err
	}
	return in, nil
}

// packetChannel returns the channel that receive fills and closes.
func (s *session) packetChannel() <-chan PacketIn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.packets.in == nil {
		s.packets.in = make(chan PacketIn, maxPackets)
		if s.over {
			close(s.packets.in)
		}
	}
	return s.packets.in
}

// PacketOut sends a packet. It returns when the host has sent it on, without an answer of the switch; if that refuses it, there is a
// PacketRefused among Events.
//
// Errors: ErrFenced when the actions send it to a table that the fence does not name, or name what is not this source's; ErrBadMatch,
// ErrBadActions, ErrTooLarge, ErrNoSwitch, ErrUnsupported, ErrClosed, ctx's.
func (h *Host) PacketOut(ctx context.Context, p PacketOut) error {
	return h.session.sendPacket(ctx, p.Note, len(p.Metadata)+len(p.Actions)+len(p.Packet), func(id uint64) *pb.SourceMessage {
		return &pb.SourceMessage{Message: &pb.SourceMessage_PacketOut{PacketOut: &pb.PacketOut{
			Id: id, Metadata: []byte(p.Metadata), Actions: []byte(p.Actions), Packet: p.Packet}}}
	})
}

// Resume makes a packet that waits go on where it stopped, with its Packet and Metadata as they are now. It can go on once, and not
// after thousands of others have come.
//
// Errors: ErrFenced for a packet that does not wait, and those of PacketOut.
func (h *Host) Resume(ctx context.Context, p PacketIn) error {
	return h.session.sendPacket(ctx, 0, len(p.Metadata)+len(p.Packet)+len(p.Continuation), func(id uint64) *pb.SourceMessage {
		return &pb.SourceMessage{Message: &pb.SourceMessage_Resume{Resume: &pb.Resume{Id: id, Packet: &pb.PacketIn{
			Controller: uint32(p.Controller), Packet: p.Packet, FullLen: p.FullLen, Table: uint32(p.Table), Cookie: uint64(p.Cookie),
			Reason: uint32(p.Reason), Metadata: []byte(p.Metadata), Userdata: p.UserData, Continuation: p.Continuation,
		}}}}
	})
}

// sendPacket sends a message with the author's note and this many bytes that is answered by PacketAnswer.
func (s *session) sendPacket(ctx context.Context, n uint64, size int, message func(id uint64) *pb.SourceMessage) error {
	if err := s.supports(pb.CapabilityPacket); err != nil {
		return err
	}
	if size > 2*maxFlowBytes {
		return &RejectedError{Kind: ErrTooLarge, Op: -1, Text: "the packet does not fit into a message"}
	}
	answer := make(chan error, 1)
	s.mu.Lock()
	s.packets.lastID++
	id := s.packets.lastID
	s.packets.open[id] = answer
	s.packets.notes[id%maxPackets] = note{id, n}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.packets.open, id)
	}()
	if err := s.send(message(id)); err != nil {
		return err
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.done:
		return ErrClosed
	}
}

// packetAnswered needs s.mu.
func (s *session) packetAnswered(a *pb.PacketAnswer) {
	answer := s.packets.open[a.Id]
	if answer == nil {
		return // nobody waits any more
	}
	delete(s.packets.open, a.Id)
	if a.Rule == pb.Rule_RULE_UNSPECIFIED {
		answer <- nil
		return
	}
	answer <- &RejectedError{Kind: sentinel(a.Rule), Op: -1, Text: a.Text}
}

// packetRefused needs s.mu.
func (s *session) packetRefused(r *pb.PacketRefused) PacketRefused {
	refused := PacketRefused{Type: uint16(r.Type), Code: uint16(r.Code), Text: r.Text}
	if n := s.packets.notes[r.Id%maxPackets]; n.id == r.Id {
		refused.Note = n.note
	}
	return refused
}

// packetIn hands a packet over if there is room. It needs s.mu.
func (s *session) packetIn(p *pb.PacketIn) {
	metadata, err := flow.CanonicalMatch(p.Metadata)
	if err != nil {
		metadata = flow.Match(p.Metadata)
	}
	select {
	case s.packets.in <- PacketIn{
		Controller: uint16(p.Controller), UserData: p.Userdata, Packet: p.Packet, FullLen: p.FullLen, Table: flow.TableID(p.Table),
		Cookie: flow.Cookie(p.Cookie), Reason: uint8(p.Reason), Metadata: metadata, Continuation: p.Continuation,
		Dropped: p.Dropped + s.packets.lost,
	}:
	default:
		s.packets.lost++
	}
}

// endPackets closes the channel of packets.
func (s *session) endPackets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if s.packets.in != nil {
		close(s.packets.in)
	}
}
