package swconn

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

// TestVswitchdRestarts loses ovs-vswitchd, and finds it again. An older OpenFlow on the bridge is told for what it is.
func TestVswitchdRestarts(t *testing.T) {
	sandbox := ovstest.Start(t, ovstest.Options{})
	c := run(t, Config{Target: sandbox.Mgmt(ovstest.Bridge)})
	first := next[Up](t, c)

	sandbox.Kill(t, ovstest.Vswitchd)
	if down := next[Down](t, c); down.Session != first.Session {
		t.Errorf("%+v", down)
	}
	sandbox.Start(t, ovstest.Vswitchd)
	again := waitUp(t, c)
	if again.Session <= first.Session || again.Features != first.Features {
		t.Errorf("first %+v, again %+v", first, again)
	}

	sandbox.Vsctl(t, "set", "bridge", ovstest.Bridge, "protocols=OpenFlow10,OpenFlow13")
	for {
		var version *VersionError
		down, ok := (<-c.Events()).(Down)
		if ok && errors.As(down.Err, &version) {
			if version.Offered != 1<<1|1<<4 {
				t.Errorf("offered %#x: %v", version.Offered, version)
			}
			break
		}
	}
	sandbox.Vsctl(t, "clear", "bridge", ovstest.Bridge, "protocols")
	waitUp(t, c)
}

// waitUp skips attempts that failed.
func waitUp(t *testing.T, c *Conn) Up {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case e := <-c.Events():
			if up, ok := e.(Up); ok {
				return up
			}
		case <-deadline:
			t.Fatal("no session within 20 s")
		}
	}
}

// TestVswitchdPaused gives up an ovs-vswitchd that stands still, and comes back to it when it goes on.
func TestVswitchdPaused(t *testing.T) {
	sandbox := ovstest.Start(t, ovstest.Options{})
	c := run(t, Config{Target: sandbox.Mgmt(ovstest.Bridge), EchoInterval: 50 * time.Millisecond, EchoTimeout: 300 * time.Millisecond})
	next[Up](t, c)
	sandbox.Pause(t, ovstest.Vswitchd)
	if down := next[Down](t, c); !errors.Is(down.Err, ErrSilent) {
		t.Errorf("down because of %v", down.Err)
	}
	sandbox.Continue(t, ovstest.Vswitchd)
	waitUp(t, c)
}

// TestBigLoad sends 50k flows in one bundle as fast as Send takes them; the session must live through it.
func TestBigLoad(t *testing.T) {
	const flows = 50_000
	sandbox := ovstest.Start(t, ovstest.Options{})
	c := run(t, Config{Target: sandbox.Mgmt(ovstest.Bridge)})
	next[Up](t, c)

	f := flow.Flow{Key: flow.Key{Table: 9, Priority: 100}}
	first := c.NextXIDs(flows)
	b := openflow.AppendBundleOpen(nil, c.NextXID(), 1, openflow.BundleOrdered)
	for i := range uint32(flows) {
		f.Match = flow.Match(binary.BigEndian.AppendUint32([]byte{0, 1, 1 << 1, 4}, i)) // reg1
		var mark int
		b, mark = openflow.BeginBundleAdd(b, first+i, 1, openflow.BundleOrdered)
		b = openflow.EndBundleAdd(openflow.AppendFlowAdd(b, first+i, &f), mark)
		if len(b) > 60_000 {
			if err := c.Send(b); err != nil {
				t.Fatal(err)
			}
			b = b[:0]
		}
	}
	commit := c.NextXID()
	if err := c.Send(openflow.AppendBundleCommit(b, commit, 1, openflow.BundleOrdered)); err != nil {
		t.Fatal(err)
	}
	for {
		m := next[Message](t, c)
		if m.Type != openflow.TypeBundleControl {
			t.Fatalf("the switch says %v: %x", m.Type, m.Data)
		}
		if m.XID == commit {
			break
		}
	}
	if c.Backlog() != 0 {
		t.Errorf("backlog %d after the answer", c.Backlog())
	}

	got := 0
	if err := c.Send(openflow.AppendFlowDescRequest(nil, c.NextXID(), 9)); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		m := next[Message](t, c)
		part, err := openflow.ParseMultipart(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range openflow.FlowDescs(m.Data) {
			if err != nil {
				t.Fatal(err)
			}
			got++
		}
		more = part.More
	}
	if got != flows {
		t.Errorf("%d of %d flows are in the switch", got, flows)
	}
}
