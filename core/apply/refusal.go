package apply

import (
	"encoding/binary"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/table"
)

// maxSent is of how many packets it is known who sent them: the latest ones, of all sources.
const maxSent = 1024

// sent are the packets that the switch may refuse: it says nothing of those that it takes.
type sent struct {
	ring [maxSent]sentPacket
	next int
}

type sentPacket struct {
	xid     uint32 // 0: none
	refused func(table.SwitchError)
}

// add notes the packet in a message.
func (s *sent) add(message []byte, refused func(table.SwitchError)) {
	s.ring[s.next] = sentPacket{xid: binary.BigEndian.Uint32(message[4:]), refused: refused} // OpenFlow 1.5 §7.1
	s.next = (s.next + 1) % maxSent
}

// take returns who is to be told of the refusal of a message; nil if nobody is, any more.
func (s *sent) take(xid uint32) func(table.SwitchError) {
	for i := range s.ring {
		if p := &s.ring[i]; p.xid == xid && xid != 0 {
			refused := p.refused
			*p = sentPacket{}
			return refused
		}
	}
	return nil
}

// switchError is an error as the table and the sources know it.
func switchError(e *openflow.Error) table.SwitchError {
	return table.SwitchError{Type: e.Type, Code: e.Code, Text: e.Error()}
}
