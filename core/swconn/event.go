package swconn

import (
	"time"

	"github.com/flowhost/flowhost/core/openflow"
)

// An Event is what the owner of a Conn reads from Events: an Up, a Down or a Message.
type Event interface{ isEvent() }

// Up says that the handshake is done: from here on Send sends.
type Up struct {
	Session  uint64 // rises with each attempt to connect
	Features openflow.Features
}

// Down says that a session is over, or that an attempt to make one failed. Nothing more comes from it, and what was
// queued in it is gone.
type Down struct {
	Session uint64
	Err     error         // never nil; may be of the network, or Is ErrVersion, ErrProtocol, ErrSilent
	Retry   time.Duration // until the next attempt
}

// Message is a message of the switch. Hello and echo are dealt with by the Conn, and are not among them.
type Message struct {
	Session uint64
	Type    openflow.Type
	XID     uint32
	Data    []byte // the whole message, header included; the receiver's to keep
}

func (Up) isEvent()      {}
func (Down) isEvent()    {}
func (Message) isEvent() {}
