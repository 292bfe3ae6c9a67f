package ovsdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// session is JSON-RPC 1.0 over one connection (RFC 7047 §4). One goroutine reads and calls whoever waits for what it read; one
// writes what others queue, so that reading never waits for writing: a server stops reading while its own output is
// stuck; one watches over the connection.
type session struct {
	conn     net.Conn
	parser   *parser
	notify   func(method string, p *parser) (finish func()) // reads the params of a notification
	probe    time.Duration                                  // silence before an echo request; negative: never
	patience time.Duration                                  // silence allowed while a slow reply is awaited

	reading atomic.Int64 // when the reader began to wait for bytes, in Unix nanoseconds; 0 while it has some to work on
	slow    atomic.Int32 // replies awaited that a server may compose for long

	calls calls
	out   outbox
}

func newSession(conn net.Conn, strings *interner) *session {
	s := &session{conn: conn, out: outbox{wake: make(chan struct{}, 1)}}
	s.calls.waiting = map[int]*call{}
	s.parser = newParser(s, strings)
	return s
}

// Read is what the parser reads from: it tells the watcher when the server is silent.
func (s *session) Read(b []byte) (int, error) {
	s.reading.Store(time.Now().UnixNano())
	n, err := s.conn.Read(b)
	s.reading.Store(0)
	return n, err
}

// run reads until the connection ends, and returns why. Afterwards all calls are done.
func (s *session) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var others sync.WaitGroup
	others.Go(func() { s.write(ctx, cancel) })
	others.Go(func() { s.watch(ctx, cancel) })
	for s.parser.err == nil {
		s.message()
	}
	cancel(ended(s.parser.err))
	others.Wait()
	s.abandon(ErrConnectionLost)
	return context.Cause(ctx)
}

// ended says in words why reading ended.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("connection closed by the server")
	}
	return err
}

// fail ends the session from the reader's goroutine.
func (s *session) fail(err error) {
	if s.parser.err == nil {
		s.parser.err = err
	}
}

// watch closes the connection when ctx ends, and ends it when the server is silent for too long.
func (s *session) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	defer s.conn.Close()
	if s.probe < 0 {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(max(s.probe/4, time.Millisecond))
	defer tick.Stop()
	asked := false
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			silence := s.silence(now)
			limit := 2 * s.probe
			if s.slow.Load() > 0 {
				limit = max(limit, s.patience)
			}
			switch {
			case silence < s.probe:
				asked = false
			case silence >= limit:
				cancel(fmt.Errorf("%w for %v", ErrSilent, silence.Round(time.Second)))
				return
			case !asked:
				asked = true
				s.send("echo", []any{}, &call{})
			}
		}
	}
}

// silence is how long the reader has been waiting for bytes.
func (s *session) silence(now time.Time) time.Duration {
	since := s.reading.Load()
	if since == 0 {
		return 0
	}
	return now.Sub(time.Unix(0, since))
}

// message is what a message has said so far. Its members may come in any order; ovsdb-server sends the id or method first, so
// that params and result can be worked off while they arrive.
type message struct {
	id, err        []byte // JSON texts; nil: not there, or null
	method         string
	params, result []byte // JSON texts of what came before it was known what it belongs to
	echo           []byte // JSON text to send back
	finish         func() // what to do about a notification once it is whole
}

// message reads one message and acts on it.
func (s *session) message() {
	m, p := message{}, s.parser
	for p.enter('{'); p.more('}'); {
		switch string(p.key()) {
		case "id":
			m.id = notNull(p.raw())
		case "error":
			m.err = notNull(p.raw())
		case "method":
			m.method = p.text()
		case "params":
			if m.method == "" {
				m.params = p.raw()
			} else {
				s.params(&m, p)
			}
		case "result":
			if m.id == nil {
				m.result = p.raw()
			} else {
				s.result(&m, p)
			}
		default:
			p.skip()
		}
	}
	if m.params != nil {
		late := parseText(m.params, p.strings)
		s.params(&m, late)
		s.fail(late.err)
	}
	if m.result != nil {
		late := parseText(m.result, p.strings)
		s.result(&m, late)
		s.fail(late.err)
	}
	if p.err == nil {
		s.finish(&m)
	}
}

func notNull(text []byte) []byte {
	if string(text) == "null" {
		return nil
	}
	return text
}

func (s *session) params(m *message, p *parser) {
	if m.method == "echo" {
		m.echo = p.raw()
	} else {
		m.finish = s.notify(m.method, p)
	}
}

func (s *session) result(m *message, p *parser) {
	if call := s.lookup(m.id); call == nil || call.result == nil || p.peek() == 'n' { // null, beside an error
		p.skip()
	} else {
		call.result(p)
	}
}

// finish acts on a message that is whole.
func (s *session) finish(m *message) {
	switch {
	case m.echo != nil:
		s.out.put(fmt.Appendf(nil, `{"error":null,"id":%s,"result":%s}`, orNull(m.id), m.echo))
	case m.finish != nil:
		m.finish()
	case m.method != "" && m.id != nil:
		s.out.put(fmt.Appendf(nil, `{"error":"unknown method","id":%s,"result":null}`, m.id))
	case m.method == "":
		s.complete(m.id, replyError(m.err))
	}
}

func orNull(text []byte) []byte {
	if text == nil {
		return []byte("null")
	}
	return text
}

// replyError reads the "error" member of a reply.
func replyError(text []byte) error {
	if text == nil {
		return nil
	}
	var name string
	if json.Unmarshal(text, &name) == nil {
		return &serverError{Name: name}
	}
	e := &serverError{}
	if err := json.Unmarshal(text, e); err != nil {
		e.Name = string(text)
	}
	return e
}
