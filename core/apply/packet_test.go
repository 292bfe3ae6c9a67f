package apply

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// hearer is a client that hears packets.
type hearer struct {
	*client
	mu      sync.Mutex
	packets []*PacketIn
}

func (h *hearer) PacketIn(p *PacketIn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.packets = append(h.packets, p)
}

func (h *hearer) heard() (texts []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.packets {
		texts = append(texts, fmt.Sprintf("%d %s", p.Controller, p.UserData))
	}
	return texts
}

func attachHearer(t *testing.T, l *Loop, owner string) *hearer {
	t.Helper()
	h := &hearer{client: &client{t: t, news: make(chan struct{}, 1)}}
	s, err := l.Attach(t.Context(), owner, h)
	if err != nil {
		t.Fatal(err)
	}
	h.Session = s
	return h
}

func (h *hearer) subscribe(controller uint16, prefix string) {
	h.t.Helper()
	if err := h.Subscribe(h.t.Context(), controller, prefix); err != nil {
		h.t.Fatal(err)
	}
}

func punted(userData string) *openflow.PacketIn {
	return &openflow.PacketIn{Packet: make([]byte, 60), Table: 9, Cookie: 5, Reason: 1, Userdata: []byte(userData), Continuation: []byte("go on " + userData)}
}

func TestPacketsGoToThoseWhoListen(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice, bob := attachHearer(t, l, "alice"), attachHearer(t, l, "bob")
	alice.subscribe(3, "alice")
	alice.subscribe(3, "alice/a") // what both prefixes fit is heard once
	alice.subscribe(4, "alice")
	bob.subscribe(3, "bob")
	for _, userData := range []string{"alice/a", "alice/b", "carol", "bob"} {
		sw.PacketIn(3, punted(userData))
	}
	sw.PacketIn(4, punted("alice/c"))
	sw.PacketIn(5, punted("alice/d")) // of a controller that nobody has
	eventually(t, "all heard", func() bool { return len(alice.heard()) == 3 && len(bob.heard()) == 1 })
	// Those of one controller come in order; those of another one come on another connection.
	of3 := slices.DeleteFunc(alice.heard(), func(text string) bool { return !strings.HasPrefix(text, "3 ") })
	if got := strings.Join(of3, ", "); got != "3 alice/a, 3 alice/b" {
		t.Errorf("alice hears %s of controller 3", got)
	}
	if p := bob.packets[0]; p.Table != 9 || p.Cookie != 5 || p.Reason != 1 || p.FullLen != 60 || len(p.Packet) != 60 {
		t.Errorf("bob hears %+v", p)
	}
	eventually(t, "missed", func() bool { return status(t, l).Missed == 1 })

	// They do not wait for the loop.
	if err := l.View(t.Context(), func(*table.Table) {
		sw.PacketIn(3, punted("alice/e"))
		eventually(t, "heard while the loop is busy", func() bool { return len(alice.heard()) == 4 })
	}); err != nil {
		t.Error(err)
	}

	sw.Cut() // all connections come back, and with them the subscriptions
	eventually(t, "heard again", func() bool {
		sw.PacketIn(3, punted("bob"))
		return len(bob.heard()) > 1
	})
	alice.Detach()
	bob.Detach()
	if len(l.punts.byID) != 0 {
		t.Errorf("%d connections for packets are left", len(l.punts.byID))
	}
}

func TestPacketFences(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice := attachHearer(t, l, "alice")
	for _, s := range []struct {
		controller uint16
		prefix     string
	}{{10, "alice"}, {3, "bob"}, {3, ""}, {3, "alic"}} {
		if err := alice.Subscribe(t.Context(), s.controller, s.prefix); !errors.Is(err, table.ErrFenced) {
			t.Errorf("subscribe %d %q: %v, want ErrFenced", s.controller, s.prefix, err)
		}
	}
	packet := make([]byte, 60)
	for text, want := range map[string]error{
		"actions=resubmit(,9)":                                table.ErrFenced,
		"actions=clone(resubmit(,9))":                         table.ErrFenced,
		"actions=output:TABLE":                                table.ErrFenced,
		"actions=resubmit:7":                                  table.ErrFenced,
		"actions=output:NXM_NX_REG0[]":                        table.ErrFenced,
		"actions=ct(table=9)":                                 table.ErrFenced,
		"actions=group:5":                                     table.ErrFenced,
		"actions=learn(table=10,priority=1,cookie=0x1)":       table.ErrFenced, // another's slot
		"actions=controller(id=3,userdata=62.6f.62)":          table.ErrFenced, // bob's
		"actions=goto_table:12":                               table.ErrBadActions,
		"actions=resubmit(,10),output:1":                      nil,
		"actions=ct(table=11),clone(resubmit(,19))":           nil,
		"actions=controller(id=3,userdata=61.6c.69.63.65.2f)": nil,
		"actions=drop":                                        nil,
	} {
		f, err := flow.ParseFlow(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := alice.SendPacket(&PacketOut{Actions: f.Actions, Packet: packet}, nil); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
	if err := alice.SendPacket(&PacketOut{Metadata: "x", Packet: packet}, nil); !errors.Is(err, table.ErrBadMatch) {
		t.Errorf("bad metadata: %v", err)
	}
	if err := alice.SendPacket(&PacketOut{Packet: make([]byte, 1<<16)}, nil); !errors.Is(err, table.ErrTooBig) {
		t.Errorf("a long packet: %v", err)
	}
	eventually(t, "sent", func() bool { return len(sw.PacketOuts()) == 4 })
	if out := sw.PacketOuts()[0]; !bytes.HasPrefix(out.Match, []byte("\x80\x00\x00\x04\xff\xff\xff\xfd")) {
		t.Errorf("match %x, want in_port=CONTROLLER", out.Match)
	}
	bad := alice.owner
	bad.spec.PacketOut = nil
	if err := (&Session{loop: l, owner: bad}).SendPacket(&PacketOut{Packet: packet}, nil); !errors.Is(err, table.ErrFenced) {
		t.Errorf("no packet-outs allowed: %v", err)
	}
	// The same goes for what flows do.
	f, _ := flow.ParseFlow("table=10,actions=controller(id=3,userdata=62.6f.62)")
	if _, err := alice.commit(false, addFlow(1, f)); !errors.Is(err, table.ErrFenced) {
		t.Errorf("a flow with bob's user data: %v, want ErrFenced", err)
	}
}

func TestResume(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice := attachHearer(t, l, "alice")
	alice.subscribe(3, "alice")
	sw.PacketIn(3, punted("alice"))
	eventually(t, "heard", func() bool { return len(alice.heard()) == 1 })
	p := alice.packets[0]
	forged := *p
	forged.Continuation = []byte("to table 0, please")
	if err := alice.Resume(&forged, nil); !errors.Is(err, table.ErrFenced) {
		t.Errorf("a made-up continuation: %v, want ErrFenced", err)
	}
	if err := alice.Resume(p, nil); err != nil {
		t.Error(err)
	}
	if err := alice.Resume(p, nil); !errors.Is(err, table.ErrFenced) {
		t.Errorf("resumed twice: %v, want ErrFenced", err)
	}
	eventually(t, "resumed", func() bool { return len(sw.Resumed()) == 1 })
	if r := sw.Resumed()[0]; string(r.Continuation) != "go on alice" || r.Table != 9 || len(r.Packet) != 60 {
		t.Errorf("resumed %+v", r)
	}

	var c = newContinuations()
	for n := range maxWaiting + 1 {
		c.given(fmt.Append(nil, n))
	}
	if c.take([]byte("0")) || !c.take([]byte("1")) || !c.take(fmt.Append(nil, maxWaiting)) || len(c.at) != maxWaiting-2 {
		t.Errorf("%d packets wait", len(c.at))
	}
}

func TestRefusedPacketsAreCounted(t *testing.T) {
	sw := newSwitch(t)
	l, _ := startLoop(t, sw)
	alice := attachHearer(t, l, "alice")
	alice.subscribe(3, "alice")
	for range 3 { // the log is told of one
		sw.Say([]byte{6, 1, 0, 20, 0, 0, 0, 9, 0, 2, 0, 4, 6, 13, 0, 8, 0, 0, 0, 9}) // OFPT_ERROR: OFPBAC_BAD_OUT_PORT
	}
	eventually(t, "counted", func() bool { return status(t, l).Refused == 3 })
}

func TestSentPacketsAreForgotten(t *testing.T) {
	message := func(xid uint32) []byte { return openflow.AppendPacketOut(nil, xid, &openflow.PacketOut{}) }
	var s sent
	var told []uint32
	for xid := range uint32(maxSent + 1) {
		s.add(message(xid+1), func(table.SwitchError) { told = append(told, xid+1) })
	}
	for _, xid := range []uint32{0, 1, 2, 2, maxSent + 1, maxSent + 2} {
		if refused := s.take(xid); refused != nil {
			refused(table.SwitchError{})
		}
	}
	if want := []uint32{2, maxSent + 1}; !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
}

func TestPacketsWithoutASwitch(t *testing.T) {
	sw := newSwitch(t)
	sw.Close()
	l, stop := startLoop(t, sw)
	alice := attachHearer(t, l, "alice")
	alice.subscribe(3, "alice") // heard once there is one
	if err := alice.SendPacket(&PacketOut{Packet: make([]byte, 60)}, nil); !errors.Is(err, ErrNoSwitch) {
		t.Errorf("err = %v, want ErrNoSwitch", err)
	}
	stop()
	if err := alice.SendPacket(&PacketOut{Packet: make([]byte, 60)}, nil); err == nil {
		t.Error("sent after the end")
	}
}
