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

// len returns how many bytes wait.
func (o *outbox) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.bytes)
}

// writeTo writes what is sent until the outbox is closed or the connection breaks. It calls drained whenever it has written
// everything.
func (o *outbox) writeTo(nc net.Conn, drained func()) {
	for {
		bytes, ok := o.take()
		if !ok {
			return
		}
		if _, err := nc.Write(bytes); err != nil {
			nc.Close()
			return
		}
		if o.len() == 0 {
			drained()
		}
	}
}

// take waits for bytes. It is false when the outbox is closed.
func (o *outbox) take() ([]byte, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.bytes) == 0 && !o.closed {
		o.filled.Wait()
	}
	bytes := o.bytes
	o.bytes = nil
	return bytes, !o.closed
}
