package ovstest

import (
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// gatePatience is how long Held waits.
const gatePatience = 20 * time.Second

// Gate is on the way to an OVSDB server, and holds what it says when a test wants that.
type Gate struct {
	t        testing.TB
	listener net.Listener
	server   string // path of its socket
	running  sync.WaitGroup

	mu     sync.Mutex
	method string        // which request shuts the gate …
	count  int           // … the how manieth from now on; 0: none does
	shut   chan struct{} // closed when the gate is shut
	open   chan struct{} // closed when it is open
	conns  []net.Conn
}

// NewGate makes an open gate to the server at an endpoint "unix:PATH", until the test ends.
func NewGate(t testing.TB, endpoint string) *Gate {
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	g := &Gate{t: t, listener: listener, server: strings.TrimPrefix(endpoint, "unix:"), shut: make(chan struct{}), open: make(chan struct{})}
	close(g.open)
	g.running.Go(g.accept)
	t.Cleanup(func() {
		g.Release()
		listener.Close()
		g.mu.Lock()
		for _, conn := range g.conns {
			conn.Close()
		}
		g.mu.Unlock()
		g.running.Wait()
	})
	return g
}

// Endpoint is where the gate is.
func (g *Gate) Endpoint() string { return "unix:" + g.listener.Addr().String() }

func (g *Gate) accept() {
	for {
		client, err := g.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", g.server)
		if err != nil {
			client.Close()
			continue
		}
		g.mu.Lock()
		g.conns = append(g.conns, client, server)
		g.mu.Unlock()
		g.running.Go(func() { g.pass(client, server, g.look) })
		g.running.Go(func() { g.pass(server, client, g.wait) })
	}
}

// pass passes messages on, each after f has seen it.
func (g *Gate) pass(from, to net.Conn, f func(json.RawMessage)) {
	defer from.Close()
	defer to.Close()
	for messages := json.NewDecoder(from); ; {
		var m json.RawMessage
		if messages.Decode(&m) != nil {
			return
		}
		if f(m); write(to, m) != nil {
			return
		}
	}
}

func write(to net.Conn, m json.RawMessage) error {
	_, err := to.Write(m)
	return err
}

// look shuts the gate if this is the request to do so at.
func (g *Gate) look(m json.RawMessage) {
	var request struct {
		Method string
		Params []json.RawMessage
	}
	_ = json.Unmarshal(m, &request)
	g.mu.Lock()
	defer g.mu.Unlock()
	if request.Method != g.method || g.count == 0 || len(request.Params) > 0 && string(request.Params[0]) == `"_Server"` {
		return
	}
	if g.count--; g.count == 0 {
		g.open = make(chan struct{})
		close(g.shut)
	}
}

func (g *Gate) wait(json.RawMessage) {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	<-open
}

// Hold makes the gate shut at the how manieth request of a method from now on: nothing comes from the server any more.
func (g *Gate) Hold(count int, method string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.method, g.count, g.shut = method, count, make(chan struct{})
}

// Held waits until it is shut.
func (g *Gate) Held() {
	g.t.Helper()
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	select {
	case <-shut:
	case <-time.After(gatePatience):
		g.t.Fatalf("no %s after %v", g.method, gatePatience)
	}
}

// Release opens the gate.
func (g *Gate) Release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count = 0
	select {
	case <-g.open:
	default:
		close(g.open)
	}
}
