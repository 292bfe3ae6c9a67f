package source

import (
	"math"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// maxPackets and maxPacketBytes are how many packets may wait for a source. More are left out: who sends them does not wait either.
const (
	maxPackets     = 1024
	maxPacketBytes = 4 << 20
)

// packets are those that wait to be delivered. The outbox's lock guards them.
type packets struct {
	waiting []*pb.HostMessage
	bytes   int
	dropped uint64 // since the session began
}

var _ apply.PacketSink = (*outbox)(nil)

// PacketIn queues a packet if there is room.
func (o *outbox) PacketIn(p *apply.PacketIn) {
	in := &pb.PacketIn{
		Controller: uint32(p.Controller), Packet: p.Packet, FullLen: p.FullLen, Table: uint32(p.Table), Cookie: uint64(p.Cookie),
		Reason: uint32(p.Reason), Metadata: p.Metadata, Userdata: p.UserData, Continuation: p.Continuation,
	}
	n := len(p.Packet) + len(p.Metadata) + len(p.UserData) + len(p.Continuation)
	o.packet(n, &pb.HostMessage{Message: &pb.HostMessage_PacketIn{PacketIn: in}})
}

// packet queues a message of about n bytes that is about a packet, if there is room.
func (o *outbox) packet(n int, m *pb.HostMessage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.packets.waiting) >= maxPackets || o.packets.bytes+n > maxPacketBytes {
		o.packets.dropped++
		return
	}
	if in := m.GetPacketIn(); in != nil {
		in.Dropped = o.packets.dropped
	}
	o.packets.bytes += n
	o.packets.waiting = append(o.packets.waiting, m)
	o.stir()
}

// dropped is how many packets were left out.
func (o *outbox) dropped() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.packets.dropped
}

func (s *session) packetOut(m *pb.PacketOut) error {
	return s.owner.SendPacket(&apply.PacketOut{
		Metadata: flow.Match(m.Metadata), Actions: flow.Actions(m.Actions), Packet: m.Packet,
	}, s.refusedPacket(m.Id))
}

func (s *session) resume(id uint64, m *pb.PacketIn) error {
	if m.GetTable() > math.MaxUint8 || m.GetReason() > math.MaxUint8 {
		return table.ErrFenced // the switch never sent such a packet
	}
	return s.owner.Resume(&apply.PacketIn{
		Packet: m.GetPacket(), Table: flow.TableID(m.GetTable()), Cookie: flow.Cookie(m.GetCookie()), Reason: uint8(m.GetReason()),
		Metadata: m.GetMetadata(), UserData: m.GetUserdata(), Continuation: m.GetContinuation(),
	}, s.refusedPacket(id))
}

// refusedPacket returns what tells the source that the switch has refused its packet. It waits where packets do, and is left out as they
// are: a source that sends what is always refused, and reads nothing, costs no more than one that is sent packets.
func (s *session) refusedPacket(id uint64) func(table.SwitchError) {
	return func(e table.SwitchError) {
		s.told.packet(len(e.Text), &pb.HostMessage{Message: &pb.HostMessage_PacketRefused{PacketRefused: &pb.PacketRefused{
			Id: id, Type: uint32(e.Type), Code: uint32(e.Code), Text: e.Text}}})
	}
}

// answerPacket tells the source whether its packet is on its way.
func (s *session) answerPacket(id uint64, err error) {
	answer := &pb.PacketAnswer{Id: id}
	if err != nil {
		answer.Rule, answer.Text = ruleOf(err), err.Error()
		if answer.Rule == pb.Rule_RULE_UNSPECIFIED { // which would say that it was sent
			answer.Rule = pb.Rule_RULE_MALFORMED
		}
		if s.notes.allowed() {
			s.log.Warn("packet rejected", "rule", answer.Rule, "reason", err)
		}
	}
	s.told.say(&pb.HostMessage{Message: &pb.HostMessage_PacketAnswer{PacketAnswer: answer}})
}
