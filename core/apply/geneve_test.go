package apply

import (
	"io"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn/swtest"
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
