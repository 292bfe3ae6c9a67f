package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

func TestChooseField(t *testing.T) {
	other := func(index uint16) openflow.TLVMapping {
		return openflow.TLVMapping{Class: 0xffff, Type: 1, Length: 4, Index: index}
	}
	ours := ovnOption
	ours.Index = 5
	for name, c := range map[string]struct {
		mappings  []openflow.TLVMapping
		fields    uint16
		preferred int
		index     int
		mapped    bool
	}{
		"mapped already":            {[]openflow.TLVMapping{other(0), ours}, 64, 0, 5, true},
		"the lowest free one":       {[]openflow.TLVMapping{other(0), other(2)}, 64, NoGeneve, 1, false},
		"the one it had":            {nil, 64, 7, 7, false},
		"the one it had is taken":   {[]openflow.TLVMapping{other(7)}, 64, 7, 0, false},
		"the one it had is no more": {nil, 4, 7, 0, false},
		"none is free":              {[]openflow.TLVMapping{other(0), other(1)}, 2, NoGeneve, NoGeneve, false},
	} {
		index, mapped := chooseField(&openflow.TLVTable{MaxFields: c.fields, Mappings: c.mappings}, c.preferred)
		if index != c.index || mapped != c.mapped {
			t.Errorf("%s: field %d, mapped %v; want %d, %v", name, index, mapped, c.index, c.mapped)
		}
	}
}

func TestSourcesHearOfGeneve(t *testing.T) {
	sw := newSwitch(t)
	taken := openflow.TLVMapping{Class: 0xffff, Type: 1, Length: 4, Index: 0}
	asAnother(t, sw, func(b []byte, xid uint32) []byte {
		return openflow.AppendTLVTableMod(b, xid, openflow.TLVAdd, taken)
	})
	l, stop := startLoop(t, sw)
	alice := attach(t, l, "alice")
	field := func() (index int) {
		eventually(t, "connected", func() bool {
			alice.mu.Lock()
			defer alice.mu.Unlock()
			last := alice.states[len(alice.states)-1]
			index = last.Geneve
			return last.Connected
		})
		return index
	}
	if got := field(); got != 1 {
		t.Errorf("OVN's option in field %d, want 1, the lowest free one", got)
	}
	stop()

	again, _ := startLoop(t, sw)
	alice = attach(t, again, "alice")
	if got := field(); got != 1 {
		t.Errorf("after a restart of the host in field %d, want 1, where it is mapped", got)
	}
}

// asAnother sends messages to the switch as another controller would, and returns when it has done them.
func asAnother(t *testing.T, sw *swtest.Switch, messages ...func(b []byte, xid uint32) []byte) {
	t.Helper()
	nc, err := sw.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	b := openflow.AppendHello(nil, 1)
	for i, message := range messages {
		b = message(b, uint32(i)+2)
	}
	const barrier = 1000
	b = openflow.AppendBarrierRequest(b, barrier)
	go nc.Write(b)
	for {
		header := make([]byte, openflow.HeaderLen)
		if _, err := io.ReadFull(nc, header); err != nil {
			t.Fatal(err)
		}
		h, err := openflow.ParseHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, nc, int64(h.Length)-openflow.HeaderLen); err != nil {
			t.Fatal(err)
		}
		switch {
		case h.Type == openflow.TypeError:
			t.Fatalf("the switch refuses message %d", h.XID)
		case h.Type == openflow.TypeBarrierReply && h.XID == barrier:
			return
		}
	}
}

// gate is a Dial that waits while it is closed.
type gate struct {
	dial func(context.Context) (net.Conn, error)
	mu   sync.Mutex
}

func (g *gate) Dial(ctx context.Context) (net.Conn, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dial(ctx)
}

// parsed is a flow of table 10 as ovs-ofctl writes it.
func parsed(t *testing.T, text string) flow.Flow {
	t.Helper()
	f, err := flow.ParseFlow("table=10,priority=100," + text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// optionMoves is a world in which OVN's option has field 0, and in which move restarts the switch and gives that field to another
// option before the host is connected again.
type optionMoves struct {
	config func(*Config)
	move   func()
	back   func() // the other way round
	flows  func() (texts []string)
}

// await waits until the switch holds these flows.
func (w *optionMoves) await(t *testing.T, want []string) {
	t.Helper()
	for i, text := range want {
		f := parsed(t, text)
		want[i] = f.Match.String() + " actions=" + f.Actions.String()
	}
	slices.Sort(want)
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		got := w.flows()
		slices.Sort(got)
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("in the switch:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestGeneveOptionMoves(t *testing.T) {
	t.Run("swtest", func(t *testing.T) {
		sw := newSwitch(t)
		g := &gate{dial: sw.Dial}
		between := func(messages ...func([]byte, uint32) []byte) func() {
			return func() {
				g.mu.Lock()
				defer g.mu.Unlock()
				sw.Restart()
				asAnother(t, sw, messages...)
			}
		}
		checkOptionMoves(t, &optionMoves{
			config: func(c *Config) { c.Switch = swconn.Config{Dial: g.Dial, BackoffMin: time.Millisecond} },
			move: between(func(b []byte, xid uint32) []byte {
				return openflow.AppendTLVTableMod(b, xid, openflow.TLVAdd, openflow.TLVMapping{Class: 0xffff, Type: 1, Length: 4, Index: 0})
			}),
			back: between(func(b []byte, xid uint32) []byte {
				return openflow.AppendTLVTableMod(b, xid, openflow.TLVAdd, ovnOption)
			}),
			flows: func() (texts []string) {
				for _, f := range sw.Flows() {
					texts = append(texts, f.Match.String()+" actions="+f.Actions.String())
				}
				return texts
			},
		})
	})
	t.Run("ovs-vswitchd", func(t *testing.T) {
		s := ovstest.Start(t, ovstest.Options{})
		target := s.Mgmt(ovstest.Bridge)
		g := &gate{dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(target, "unix:"))
		}}
		between := func(option string) func() {
			return func() {
				g.mu.Lock()
				defer g.mu.Unlock()
				s.Kill(t, ovstest.Vswitchd)
				s.Start(t, ovstest.Vswitchd)
				s.Ofctl(t, "add-tlv-map", ovstest.Bridge, option+"->tun_metadata0")
			}
		}
		checkOptionMoves(t, &optionMoves{
			config: func(c *Config) { c.Switch = swconn.Config{Dial: g.Dial, BackoffMin: time.Millisecond} },
			move:   between("{class=0xffff,type=1,len=4}"),
			back:   between("{class=0x102,type=0x80,len=4}"),
			flows: func() (texts []string) {
				lines, err := flowsOf(s)
				if err != nil {
					return []string{err.Error()}
				}
				for _, line := range lines {
					f, err := flow.ParseFlow(line)
					if err != nil {
						return []string{line, err.Error()}
					}
					texts = append(texts, f.Match.String()+" actions="+f.Actions.String())
				}
				return texts
			},
		})
	})
}

// checkOptionMoves has flows that name the field of OVN's option, one of another's in the same key, and others, and moves the option.
func checkOptionMoves(t *testing.T, w *optionMoves) {
	l, _ := startLoop(t, nil, w.config)
	alice, bob := attach(t, l, "alice"), attach(t, l, "bob")
	alice.syncDone()
	bob.syncDone()
	names := map[string]string{
		"match":  "tun_metadata0=5,actions=set_field:1->reg1",
		"action": "reg0=1,actions=set_field:5->tun_metadata0",
		"nested": "reg0=2,actions=clone(move:tun_metadata0[0..31]->reg1[])",
	}
	holds := func(want ...string) { t.Helper(); w.await(t, want) }
	const plain, others, toGroup = "reg0=9,actions=set_field:9->reg1", "reg0=1,actions=set_field:8->reg1", "reg0=3,actions=group:7"
	group := func(n int) table.Op {
		return table.Op{Kind: table.OpSetGroup, ID: 7, Body: parsedGroup(t, fmt.Sprintf("group_id=7,type=all,bucket=actions=set_field:5->tun_metadata%d,output:1", n))}
	}
	all := func(n string) []table.Op {
		at := func(text string) string { return strings.ReplaceAll(text, "tun_metadata0", "tun_metadata"+n) }
		return []table.Op{
			{Kind: table.OpSet, UUID: id(1), Flows: []flow.Flow{parsed(t, at(names["match"]))}},
			{Kind: table.OpSet, UUID: id(2), Flows: []flow.Flow{parsed(t, at(names["action"]))}},
			{Kind: table.OpSet, UUID: id(3), Flows: []flow.Flow{parsed(t, at(names["nested"]))}},
		}
	}
	alice.awaitInstalled(alice.mustCommit(append(all("0"), group(0), addFlow(4, parsed(t, toGroup)), addFlow(9, parsed(t, plain)))...))
	bob.mustCommit(addFlow(20, parsed(t, others)))
	holds(names["match"], names["action"], names["nested"], toGroup, plain)

	w.move()
	for n := 1; n <= 3; n++ {
		e := alice.await("refused", func(e table.Event) bool { return e.Kind == table.EventRefused && e.UUID == id(n) })
		if !errors.Is(e.Err, table.ErrOptionMoved) || !strings.Contains(e.Err.Error(), "tun_metadata0") || !strings.Contains(e.Err.Error(), "tun_metadata1") {
			t.Errorf("flow %d refused because of %v", n, e.Err)
		}
	}
	bob.await("won", func(e table.Event) bool { return e.Kind == table.EventWon })
	holds(others, plain)
	if last := alice.lastState(); last.Geneve != 1 {
		t.Errorf("the option is said to be in field %d, want 1", last.Geneve)
	}

	// Pushed anew, they are installed, and what names the group with it.
	alice.awaitInstalled(alice.mustCommit(append(all("1"), group(1))...))
	holds("tun_metadata1=5,actions=set_field:1->reg1", "reg0=1,actions=set_field:5->tun_metadata1",
		"reg0=2,actions=clone(move:tun_metadata1[0..31]->reg1[])", toGroup, plain)

	// The option goes back: what was pushed for field 1 waits, until it comes back once more or is pushed anew, the same as it was.
	w.back()
	eventually(t, "told", func() bool {
		return alice.heard(func(e table.Event) bool { return e.Kind == table.EventRefused && e.UUID == id(1) }) == 2
	})
	holds(others, plain)
	alice.awaitInstalled(alice.mustCommit(append(all("0"), group(0))...))
	holds(names["match"], names["action"], names["nested"], toGroup, plain)
	if n := alice.heard(func(e table.Event) bool { return e.Kind == table.EventRefused && e.UUID == id(3) }); n != 2 {
		t.Errorf("told %d times, want once of each move", n)
	}
}
