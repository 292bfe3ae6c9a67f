package apply

import (
	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
)

// answer takes one message that answers a request: a part of the reply, or an error. It returns true when no more will come.
type answer func(m swconn.Message) (done bool)

// ask sends a request over the first lane, made by request for a new xid, and has its answers taken by take. Whatever has not
// been answered when the connection is lost never is.
func (l *Loop) ask(request func(b []byte, xid uint32) []byte, take answer) {
	ln := l.lanes.first()
	xid := ln.conn.NextXID()
	l.asked[xid] = take
	l.write(ln, request(nil, xid))
}

// answered hands a message over to whoever asked for it, and says whether anybody did.
func (l *Loop) answered(m swconn.Message) bool {
	take := l.asked[m.XID]
	if take == nil {
		return false
	}
	if take(m) {
		delete(l.asked, m.XID)
	}
	return true
}

// whole makes an answer of what takes each part of a multipart reply, and of what follows the last one. An error is told to
// failed instead.
func (l *Loop) whole(part func(m swconn.Message), last func(), failed func(error)) answer {
	return func(m swconn.Message) bool {
		if m.Type == openflow.TypeError {
			e, err := openflow.ParseError(m.Data)
			if err == nil {
				err = &e
			}
			failed(err)
			return true
		}
		reply, err := openflow.ParseMultipart(m.Data)
		if err != nil {
			failed(err)
			return true
		}
		part(m)
		if !reply.More {
			last()
		}
		return !reply.More
	}
}
