package sdktest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// TestPacketsComeAndGo: a source that answers packets with others, and lets some go on.
func TestPacketsComeAndGo(t *testing.T) {
	reply := must(flow.ParseFlow("actions=set_field:7->reg0,resubmit(,10)")).Actions
	h := sdktest.Start(t, sdktest.Options{UserData: []string{"arp", "dhcp"}}, func(ctx context.Context, h *sdk.Host) error {
		packets, err := h.PacketIns(ctx, 5, []byte("arp"))
		if err != nil {
			return err
		}
		if again, err := h.PacketIns(ctx, 6, []byte("dhcp/")); err != nil || again != packets {
			t.Errorf("the second subscription: another channel, or %v", err)
		}
		h.Status(true, "listening")
		for p := range packets {
			if len(p.Continuation) > 0 {
				p.Packet = append([]byte("changed "), p.Packet...)
				err = h.Resume(ctx, p)
			} else {
				err = h.PacketOut(ctx, sdk.PacketOut{Metadata: p.Metadata, Actions: reply, Packet: p.Packet})
			}
			if err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	until(t, h, "listening", func() bool { _, text := h.Status(); return text == "listening" })
	from := must(flow.ParseFlow("in_port=3,reg1=9,metadata=4 actions=drop")).Match
	for _, p := range []sdk.PacketIn{
		{Controller: 6, UserData: []byte("dhcp6"), Packet: []byte("nobody's")},
		{Controller: 5, UserData: []byte("arp?"), Packet: []byte("who is it"), Metadata: from},
		{Controller: 6, UserData: []byte("dhcp/4"), Packet: []byte("discover"), Continuation: []byte("later")},
	} {
		h.PacketIn(p)
	}
	until(t, h, "answered", func() bool { return len(h.PacketOuts()) == 1 && len(h.Resumed()) == 1 })
	if out := h.PacketOuts()[0]; string(out.Packet) != "who is it" || out.Actions != reply || out.Metadata != from {
		t.Errorf("packet-out %+v", out)
	}
	if in := h.Resumed()[0]; string(in.Packet) != "changed discover" || string(in.Continuation) != "later" {
		t.Errorf("resumed %+v", in)
	}
}

// until waits for what happens some time later.
func until(t *testing.T, h *sdktest.Host, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not %s: %v, %v", what, h.PacketOuts(), h.Resumed())
		}
	}
}

func TestPacketFences(t *testing.T) {
	narrow := sdktest.Options{
		Controllers: []sdk.Range{{First: 5, Last: 6}}, UserData: []string{"arp"}, PacketOut: []sdk.Range{{First: 10, Last: 10}},
	}
	h := session(t, narrow, func(ctx context.Context, h *sdk.Host) {
		if _, err := h.PacketIns(ctx, 7, []byte("arp")); !errors.Is(err, sdk.ErrFenced) || !strings.Contains(err.Error(), "controller 7") {
			t.Errorf("another's controller: %v", err)
		}
		if _, err := h.PacketIns(ctx, 5, []byte("a")); !errors.Is(err, sdk.ErrFenced) {
			t.Errorf("another's user data: %v", err)
		}
		send := func(actions string, packet []byte) error {
			return h.PacketOut(ctx, sdk.PacketOut{Actions: must(flow.ParseFlow("actions=" + actions)).Actions, Packet: packet})
		}
		for actions, want := range map[string]error{
			"resubmit(,11)": sdk.ErrFenced, "output:TABLE": sdk.ErrFenced, "goto_table:10": sdk.ErrBadActions, "resubmit(,10)": nil,
		} {
			if err := send(actions, make([]byte, 60)); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", actions, err, want)
			}
		}
		for _, n := range []int{1 << 16, 1 << 20} {
			if err := send("output:1", make([]byte, n)); !errors.Is(err, sdk.ErrTooLarge) {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
		if err := h.Resume(ctx, sdk.PacketIn{Continuation: []byte("made up")}); !errors.Is(err, sdk.ErrFenced) {
			t.Errorf("made up: %v", err)
		}
		f := must(flow.ParseFlow("table=1 actions=controller(id=5,userdata=64.68)"))
		if _, err := txn(h, func(t *sdk.Txn) { t.Add(thing, f) }).Commit(ctx); !errors.Is(err, sdk.ErrFenced) {
			t.Errorf("a flow with another's user data: %v", err)
		}
	})
	until(t, h, "sent", func() bool { return len(h.PacketOuts()) > 0 }) // some time after it was taken
	if out := h.PacketOuts(); len(out) != 1 {
		t.Errorf("%d packets were sent, want 1", len(out))
	}
}

// TestSlowReaderLosesPackets, and neither its session nor its transactions.
func TestSlowReaderLosesPackets(t *testing.T) {
	const flood = 20_000
	flooded := make(chan struct{})
	result := make(chan string, 1)
	h := sdktest.Start(t, sdktest.Options{}, func(ctx context.Context, h *sdk.Host) error {
		packets, err := h.PacketIns(ctx, 5, nil)
		if err != nil {
			return err
		}
		h.Status(true, "listening")
		<-flooded
		if _, err := txn(h, func(t *sdk.Txn) { t.Add(thing, plain) }).CommitAndWait(ctx); err != nil {
			return err
		}
		heard, dropped := 0, uint64(0)
		for p := range packets {
			heard, dropped = heard+1, p.Dropped
			if string(p.Packet) == "last" {
				break
			}
		}
		result <- fmt.Sprint(heard < flood && heard > 0 && dropped >= uint64(flood-heard))
		return nil
	})
	for text := ""; text != "listening"; _, text = h.Status() {
		time.Sleep(time.Millisecond)
	}
	for range flood {
		h.PacketIn(sdk.PacketIn{Controller: 5, Packet: make([]byte, 100)})
	}
	close(flooded)
	for {
		h.PacketIn(sdk.PacketIn{Controller: 5, Packet: []byte("last")})
		select {
		case ok := <-result:
			if ok != "true" {
				t.Error("the packets heard and dropped are not those sent")
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}
