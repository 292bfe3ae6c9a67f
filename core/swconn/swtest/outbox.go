package swtest

import (
	"net"
	"sync"
)

// An outbox holds what a connection is to write, so that the switch never waits for a controller. It has no limit.
type outbox struct {
	mu     sync.Mutex
	filled sync.Cond // bytes or closed has changed
	bytes  []byte
	closed bool
}

func newOutbox() *outbox {
	o := new(outbox)
	o.filled.L = &o.mu
	return o
}

func (o *outbox) send(msg []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bytes = append(o.bytes, msg...)
	o.filled.Signal()
}

func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.filled.Signal()
}

// writeTo writes what is sent until the outbox is closed or the connection breaks.
func (o *outbox) writeTo(nc net.Conn) {
	for {
		o.mu.Lock()
		for len(o.bytes) == 0 && !o.closed {
			o.filled.Wait()
		}
		bytes, closed := o.bytes, o.closed
		o.bytes = nil
		o.mu.Unlock()
		if closed {
			return
		}
		if _, err := nc.Write(bytes); err != nil {
			nc.Close()
			return
		}
	}
}
