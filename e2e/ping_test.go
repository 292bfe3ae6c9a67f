package e2e

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// pace is the time between two packets of a ping.
const pace = 5 * time.Millisecond

// tooLate is when a packet is lost that is not answered.
const tooLate = time.Second

// Types of ICMP messages (RFC 792).
const (
	icmpEchoReply = 0
	icmpEcho      = 8
)

// ping sends an echo request each pace from one workload to another, whose kernel answers, and knows of each whether it was.
type ping struct {
	conn   net.PacketConn
	to     net.Addr
	id     uint16
	stop   chan struct{} // closed: send no more
	sent   chan []time.Time
	seen   chan map[uint64]bool
	came   atomic.Int64 // answers so far
	repeat int          // answers that came more than once
}

// pinged is what came of a ping.
type pinged struct {
	sent, lost int
	hole       time.Duration // from the first lost packet to the last
	since      time.Time     // of the first lost packet
}

func (p pinged) String() string {
	return fmt.Sprintf("lost %d of %d", p.lost, p.sent)
}

func startPing(t testing.TB, from, to *workload) *ping {
	t.Helper()
	p := &ping{
		to: &net.IPAddr{IP: net.ParseIP(to.ip)}, id: uint16(rand.Uint32()),
		stop: make(chan struct{}), sent: make(chan []time.Time), seen: make(chan map[uint64]bool),
	}
	err := from.Do(func() (err error) {
		p.conn, err = net.ListenPacket("ip4:icmp", from.ip)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.conn.Close() })
	go p.send()
	go p.receive()
	return p
}

// send sends until it is told to stop.
func (p *ping) send() {
	var sent []time.Time
	defer func() { p.sent <- sent }()
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			if _, err := p.conn.WriteTo(echo(p.id, uint64(len(sent))), p.to); err == nil {
				sent = append(sent, now)
			}
		case <-p.stop:
			return
		}
	}
}

// echo is an echo request that holds a number.
func echo(id uint16, number uint64) []byte {
	b := []byte{icmpEcho, 0, 0, 0}
	b = binary.BigEndian.AppendUint16(b, id)
	b = binary.BigEndian.AppendUint16(b, uint16(number))
	b = binary.BigEndian.AppendUint64(b, number)
	var sum uint32 // RFC 1071
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	binary.BigEndian.PutUint16(b[2:], ^uint16(sum))
	return b
}

// receive takes answers until the connection is closed.
func (p *ping) receive() {
	seen := map[uint64]bool{}
	defer func() { p.seen <- seen }()
	b := make([]byte, 1500)
	for {
		n, _, err := p.conn.ReadFrom(b)
		if err != nil {
			return
		}
		if n < 16 || b[0] != icmpEchoReply || binary.BigEndian.Uint16(b[4:]) != p.id {
			continue
		}
		number := binary.BigEndian.Uint64(b[8:])
		if seen[number] {
			p.repeat++
		}
		seen[number] = true
		p.came.Store(int64(len(seen)))
	}
}

// end stops the ping, waits for what is under way, and tells what came of it. What is answered more than once fails the test.
func (p *ping) end(t testing.TB) pinged {
	t.Helper()
	close(p.stop)
	sent := <-p.sent
	for wait := tooLate; wait > 0 && p.came.Load() < int64(len(sent)); wait -= pace {
		time.Sleep(pace)
	}
	p.conn.Close()
	seen := <-p.seen
	if p.repeat > 0 {
		t.Errorf("%d answers came more than once", p.repeat)
	}
	result := pinged{sent: len(sent)}
	var first time.Time
	for number, at := range sent {
		if !seen[uint64(number)] {
			if result.lost++; first.IsZero() {
				first, result.since = at, at
			}
			result.hole = at.Sub(first)
		}
	}
	return result
}
