package swconn

import (
	"fmt"
	"io"
	"time"

	of "github.com/netrack/openflow"
	"github.com/netrack/openflow/ofp"

	"github.com/flowhost/flowhost/core/openflow"
)

// handshake says hello, for OpenFlow 1.5 and nothing else (§6.3.1), and asks for the switch's features. What else the
// switch says meanwhile is of no use to anybody yet, and dropped.
func (s *session) handshake() (openflow.Features, error) {
	if err := s.nc.SetDeadline(time.Now().Add(s.conn.cfg.EchoTimeout)); err != nil {
		return openflow.Features{}, err
	}
	if err := s.hello(); err != nil {
		return openflow.Features{}, err
	}
	features, err := s.features()
	if err != nil {
		return openflow.Features{}, err
	}
	return features, s.nc.SetDeadline(time.Time{})
}

func (s *session) hello() error {
	bitmap := &ofp.HelloElemVersionBitmap{Bitmaps: []uint32{1 << openflow.Version}}
	err := s.request(of.TypeHello, s.conn.NextXID(), &ofp.Hello{Elements: ofp.HelloElems{bitmap}})
	if err != nil {
		return err
	}
	// Open vSwitch answers a hello that it has no version in common with by its own hello and an error, both in the
	// highest version that it has.
	msg, err := s.receiveAny()
	if err != nil {
		return err
	}
	versions, err := openflow.ParseHello(msg)
	if err != nil {
		return fmt.Errorf("%w: it does not begin with a hello", ErrProtocol)
	}
	if versions&(1<<openflow.Version) == 0 {
		return &VersionError{Offered: versions}
	}
	return nil
}

func (s *session) features() (openflow.Features, error) {
	xid := s.conn.NextXID()
	if err := s.request(of.TypeFeaturesRequest, xid, nil); err != nil {
		return openflow.Features{}, err
	}
	for {
		msg, err := s.receive()
		if err != nil {
			return openflow.Features{}, err
		}
		h, _ := openflow.ParseHeader(msg)
		switch {
		case h.Type == openflow.TypeEchoRequest:
			err = s.request(of.TypeEchoReply, h.XID, &ofp.EchoReply{Data: msg[openflow.HeaderLen:]})
		case h.Type == openflow.TypeError:
			var refusal openflow.Error
			if refusal, err = openflow.ParseError(msg); err == nil {
				err = fmt.Errorf("%w: handshake refused: %w", ErrProtocol, &refusal)
			}
		case h.Type == openflow.TypeFeaturesReply && h.XID == xid:
			return openflow.ParseFeatures(msg)
		}
		if err != nil {
			return openflow.Features{}, err
		}
	}
}

// request sends one message through netrack's encoder. Only the handshake does so; later messages go through the queue.
func (s *session) request(t of.Type, xid uint32, body io.WriterTo) error {
	r := of.NewRequest(t, body)
	r.Header.Version, r.Header.Transaction = openflow.Version, xid
	return of.Send(s.wire, r)
}
