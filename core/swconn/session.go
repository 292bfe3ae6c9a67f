package swconn

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	of "github.com/netrack/openflow"

	"github.com/flowhost/flowhost/core/openflow"
)

// A session is one connection, from its hello to its loss.
type session struct {
	conn *Conn
	id   uint64
	nc   net.Conn
	wire of.Conn // frames messages on nc; one goroutine at a time may receive
	out  *queue

	// The switch is alive if it says something. heard is when it last did, in nanoseconds since start; waiting is true while
	// it is the owner who keeps us from listening.
	start   time.Time
	heard   atomic.Int64
	waiting atomic.Bool

	reset chan error // has room for one: why the owner wants another session
}

func newSession(c *Conn, id uint64, nc net.Conn) *session {
	return &session{
		conn: c, id: id, nc: nc, wire: of.NewConn(nc),
		out: newQueue(), start: time.Now(), reset: make(chan error, 1),
	}
}

// run reads, writes and watches until one of them fails, and returns the first error.
func (s *session) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer s.out.close()
	// A blocked read or write ends when the connection is closed.
	defer context.AfterFunc(ctx, func() { s.nc.Close() })()

	var workers sync.WaitGroup
	for _, work := range []func(context.Context) error{s.read, s.write, s.watch, s.awaitReset} {
		workers.Go(func() { cancel(work(ctx)) })
	}
	workers.Wait()
	return context.Cause(ctx)
}

// read hands what the switch says to the owner, and answers echo requests itself.
func (s *session) read(ctx context.Context) error {
	for {
		msg, err := s.receive()
		if err != nil {
			return err
		}
		m := Message{Session: s.id, Type: openflow.Type(msg[1]), XID: binary.BigEndian.Uint32(msg[4:]), Data: msg}
		switch m.Type {
		case openflow.TypeHello, openflow.TypeEchoReply:
		case openflow.TypeEchoRequest:
			err = s.out.putUrgent(openflow.AppendEchoReply(nil, m.XID, msg[openflow.HeaderLen:]))
		default:
			s.waiting.Store(true)
			if !s.conn.tell(ctx, m) {
				err = ctx.Err()
			}
			s.touch()
			s.waiting.Store(false)
		}
		if err != nil {
			return err
		}
	}
}

// receive reads one message of OpenFlow 1.5, whole; or an error of any version, see openflow.ParseError.
func (s *session) receive() ([]byte, error) {
	msg, err := s.receiveAny()
	if err == nil && msg[0] != openflow.Version && openflow.Type(msg[1]) != openflow.TypeError {
		err = fmt.Errorf("%w: a message of version %d", ErrProtocol, msg[0])
	}
	return msg, err
}

// receiveAny reads one message of any version, whole. After an error nothing more can be read: the place in the stream is
// lost.
func (s *session) receiveAny() ([]byte, error) {
	r, err := s.wire.Receive()
	switch {
	case errors.Is(err, of.ErrCorruptedHeader):
		return nil, fmt.Errorf("%w: a message shorter than its header", ErrProtocol)
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("swconn: the switch closed the connection: %w", err)
	case err != nil:
		return nil, err
	}
	s.touch()
	msg := make([]byte, r.Header.Length)
	msg[0], msg[1] = r.Header.Version, byte(r.Header.Type)
	binary.BigEndian.PutUint16(msg[2:], r.Header.Length)
	binary.BigEndian.PutUint32(msg[4:], r.Header.Transaction)
	_, err = io.ReadFull(r.Body, msg[openflow.HeaderLen:])
	return msg, err
}

// write sends what is queued.
func (s *session) write(ctx context.Context) error {
	w := s.wire.(io.Writer) // a netrack Conn is one; writes of more than 4 KiB are not copied
	for {
		batch, err := s.out.take(ctx)
		if err != nil {
			return err
		}
		if _, err := w.Write(batch); err != nil {
			return err
		}
		if err := s.wire.Flush(); err != nil {
			return err
		}
		s.out.written(batch)
	}
}

// awaitReset ends the session when the owner wants another one.
func (s *session) awaitReset(ctx context.Context) error {
	select {
	case err := <-s.reset:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// watch asks a silent switch for an echo, and gives it up when it stays silent. While it is the owner who keeps us from
// listening, the switch is asked, too: it hears that we are alive.
func (s *session) watch(ctx context.Context) error {
	interval, limit := s.conn.cfg.EchoInterval, s.conn.cfg.EchoInterval+s.conn.cfg.EchoTimeout
	for pause := interval; sleep(ctx, pause); {
		waiting := s.waiting.Load() // first: when it ends, the switch counts as heard
		silent := s.silent()
		switch {
		case waiting:
			pause = interval
		case silent >= limit:
			return fmt.Errorf("%w: silent for %v", ErrSilent, silent.Round(time.Millisecond))
		case silent >= interval:
			pause = min(interval, limit-silent)
		default:
			pause = interval - silent
			continue
		}
		if err := s.out.putUrgent(openflow.AppendEchoRequest(nil, s.conn.NextXID(), nil)); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// touch notes that the switch was heard now.
func (s *session) touch() { s.heard.Store(int64(time.Since(s.start))) }

// silent returns for how long the switch has said nothing.
func (s *session) silent() time.Duration { return time.Since(s.start) - time.Duration(s.heard.Load()) }
