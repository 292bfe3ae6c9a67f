package e2e

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// Types of OpenFlow messages that change what a switch holds (OpenFlow 1.5 §7.1.1), and the one that wraps them in a bundle.
const (
	ofpFlowMod          = 14
	ofpGroupMod         = 15
	ofpMeterMod         = 29
	ofpBundleAddMessage = 34
)

// relay is a way to a switch's OpenFlow port that counts what is sent on it. A switch does not tell what it has received: it counts
// no messages by type, and a group that was modified looks like one that was not.
type relay struct {
	target string // "unix:PATH"
	counts [256]atomic.Int64

	mu    sync.Mutex
	conns []net.Conn // accepted since the last cut
}

// cut ends all connections, and waits for the next.
func (r *relay) cut(t testing.TB) {
	t.Helper()
	r.mu.Lock()
	for _, conn := range r.conns {
		conn.Close()
	}
	r.conns = nil
	r.mu.Unlock()
	ovstest.Eventually(t, settle, func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.conns) == 0 {
			return errors.New("nobody has connected again")
		}
		return nil
	})
}

// mods are the messages sent so far that change what the switch holds, in bundles or not.
type mods struct{ flow, group, meter int64 }

func (r *relay) mods() mods {
	return mods{r.counts[ofpFlowMod].Load(), r.counts[ofpGroupMod].Load(), r.counts[ofpMeterMod].Load()}
}

func (m mods) minus(before mods) mods {
	return mods{m.flow - before.flow, m.group - before.group, m.meter - before.meter}
}

// newRelay relays to the bridge of a sandbox until the test ends.
func newRelay(t testing.TB, s *ovstest.Sandbox) *relay {
	path := filepath.Join(s.Dir, "run", "relay")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	r := &relay{target: "unix:" + path}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			r.conns = append(r.conns, conn)
			r.mu.Unlock()
			go r.serve(conn, strings.TrimPrefix(s.Mgmt(ovstest.Bridge), "unix:"))
		}
	}()
	return r
}

// serve carries one connection until either end closes it.
func (r *relay) serve(client net.Conn, path string) {
	defer client.Close()
	server, err := net.Dial("unix", path)
	if err != nil {
		return
	}
	go func() {
		io.Copy(client, server)
		client.Close()
	}()
	r.forward(server, client)
	server.Close()
}

// forward copies messages, and counts them once they are on their way.
func (r *relay) forward(to io.Writer, from io.Reader) {
	message := make([]byte, 1<<16)
	for {
		if _, err := io.ReadFull(from, message[:8]); err != nil {
			return
		}
		n := max(8, binary.BigEndian.Uint16(message[2:]))
		if _, err := io.ReadFull(from, message[8:n]); err != nil {
			return
		}
		if _, err := to.Write(message[:n]); err != nil {
			return
		}
		kind := message[1]
		if kind == ofpBundleAddMessage && n > 17 {
			kind = message[17] // of the message inside, behind the bundle's id and flags (§7.3.9.6)
		}
		r.counts[kind].Add(1)
	}
}
