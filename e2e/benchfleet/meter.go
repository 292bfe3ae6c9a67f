package main

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
)

// A meter is a way to an ovsdb-server that counts what the server sends on it: no ovsdb-server tells, nor does a unix socket.
type meter struct {
	listener net.Listener
	target   atomic.Pointer[string] // the path of the server's socket
	bytes    atomic.Int64           // sent by the server
	open     atomic.Int64           // connections

	running sync.WaitGroup
	mu      sync.Mutex
	conns   map[net.Conn]bool // nil once closed
}

// newMeter listens at a path.
func newMeter(path string) (*meter, error) {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	m := &meter{listener: listener, conns: make(map[net.Conn]bool)}
	m.running.Go(m.accept)
	return m, nil
}

// endpoint is what clients connect to.
func (m *meter) endpoint() string { return "unix:" + m.listener.Addr().String() }

// lead has connections made from now on lead to another server, at "unix:PATH".
func (m *meter) lead(endpoint string) {
	path := strings.TrimPrefix(endpoint, "unix:")
	m.target.Store(&path)
}

// close ends all connections.
func (m *meter) close() {
	m.listener.Close()
	m.mu.Lock()
	for conn := range m.conns {
		conn.Close()
	}
	m.conns = nil
	m.mu.Unlock()
	m.running.Wait()
}

func (m *meter) accept() {
	for {
		client, err := m.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			m.running.Go(func() { m.serve(client) })
		}
	}
}

// serve carries one connection until either end closes it.
func (m *meter) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", *m.target.Load())
	if err != nil {
		return // as if nobody had listened
	}
	defer server.Close()
	if !m.keep(client, server) {
		return
	}
	m.open.Add(1)
	defer m.open.Add(-1)
	m.running.Go(func() {
		_, _ = io.Copy(server, client)
		server.Close()
	})
	buffer := make([]byte, 1<<16)
	for {
		n, err := server.Read(buffer)
		m.bytes.Add(int64(n))
		if _, writeErr := client.Write(buffer[:n]); err != nil || writeErr != nil {
			break
		}
	}
	m.forget(client, server)
}

// keep says whether connections may be used: not once the meter is closed.
func (m *meter) keep(conns ...net.Conn) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conns == nil {
		return false
	}
	for _, conn := range conns {
		m.conns[conn] = true
	}
	return true
}

func (m *meter) forget(conns ...net.Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, conn := range conns {
		delete(m.conns, conn)
	}
}
