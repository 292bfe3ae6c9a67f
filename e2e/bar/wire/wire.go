// Package wire is a bare OpenFlow connection, to see with what a switch has and how fast it is.
package wire

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Conn is a bare OpenFlow connection: nothing is done beside what is asked, so it shows what the switch itself takes.
type Conn struct {
	net.Conn
	r   *bufio.Reader
	xid uint32
	buf []byte
}

// Dial connects to a bridge at "unix:PATH".
func Dial(target string) (*Conn, error) {
	conn, err := net.Dial("unix", strings.TrimPrefix(target, "unix:"))
	if err != nil {
		return nil, err
	}
	w := &Conn{Conn: conn, r: bufio.NewReaderSize(conn, 1<<16), buf: make([]byte, 1<<16)}
	if _, err := w.Write(openflow.AppendHello(nil, w.next())); err != nil {
		return nil, err
	}
	if _, err := w.receive(); err != nil { // its hello
		return nil, err
	}
	return w, nil
}

func (w *Conn) next() uint32 { w.xid++; return w.xid }

// receive reads one message, which is good until the next call.
func (w *Conn) receive() ([]byte, error) {
	for {
		if _, err := io.ReadFull(w.r, w.buf[:openflow.HeaderLen]); err != nil {
			return nil, err
		}
		m := w.buf[:binary.BigEndian.Uint16(w.buf[2:])]
		if _, err := io.ReadFull(w.r, m[openflow.HeaderLen:]); err != nil {
			return nil, err
		}
		switch openflow.Type(m[1]) {
		case openflow.TypeEchoRequest:
			m[1] = byte(openflow.TypeEchoReply)
			if _, err := w.Write(m); err != nil {
				return nil, err
			}
		case openflow.TypeError:
			e, err := openflow.ParseError(m)
			if err == nil {
				err = &e
			}
			return nil, err
		default:
			return m, nil
		}
	}
}

// Mod adds one flow and waits for the barrier behind it.
func (w *Conn) Mod(f *flow.Flow) (took time.Duration, err error) {
	start := time.Now()
	if _, err := w.Write(openflow.AppendBarrierRequest(openflow.AppendFlowAdd(nil, w.next(), f), w.next())); err != nil {
		return 0, err
	}
	for {
		m, err := w.receive()
		if err != nil || openflow.Type(m[1]) == openflow.TypeBarrierReply {
			return time.Since(start), err
		}
	}
}

// Dump reads the flows of a table, and calls each for each message of them.
func (w *Conn) Dump(table flow.TableID, each func(m []byte)) error {
	return w.ask(openflow.AppendFlowDescRequest(nil, w.next(), uint8(table)), each)
}

// ask sends a multipart request and calls each for each message of the answer.
func (w *Conn) ask(request []byte, each func(m []byte)) error {
	if _, err := w.Write(request); err != nil {
		return err
	}
	for more := true; more; {
		m, err := w.receive()
		if err != nil {
			return err
		}
		if openflow.Type(m[1]) != openflow.TypeMultipartReply {
			continue
		}
		reply, err := openflow.ParseMultipart(m)
		if err != nil {
			return err
		}
		more = reply.More
		each(m)
	}
	return nil
}

// tables are those that hold flows.
func (w *Conn) tables() (tables []flow.TableID, err error) {
	var parseErr error
	err = w.ask(openflow.AppendTableStatsRequest(nil, w.next()), func(m []byte) {
		for s, err := range openflow.TableStatsOf(m) {
			if err != nil {
				parseErr = err
			} else if s.Active > 0 {
				tables = append(tables, s.Table)
			}
		}
	})
	if err == nil {
		err = parseErr
	}
	return tables, err
}

// DumpAll reads all flows, table by table, and says how long that took and how many bytes they were.
func (w *Conn) DumpAll() (took time.Duration, bytes int, err error) {
	start := time.Now()
	tables, err := w.tables()
	if err != nil {
		return 0, 0, err
	}
	for _, table := range tables {
		if err := w.Dump(table, func(m []byte) { bytes += len(m) }); err != nil {
			return 0, 0, err
		}
	}
	if bytes == 0 {
		return 0, 0, fmt.Errorf("the switch holds no flows")
	}
	return time.Since(start), bytes, nil
}

// Count is how many flows the bridge has.
func (w *Conn) Count() (flows int, err error) {
	var parseErr error
	err = w.ask(openflow.AppendTableStatsRequest(nil, w.next()), func(m []byte) {
		for s, err := range openflow.TableStatsOf(m) {
			if err != nil {
				parseErr = err
			}
			flows += int(s.Active)
		}
	})
	if err == nil {
		err = parseErr
	}
	return flows, err
}
