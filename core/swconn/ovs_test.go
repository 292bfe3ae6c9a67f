package swconn

import (
	"encoding/binary"
	"errors"
	"sync"
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
	sandbox := ovstest.Start(t, ovstest.Options{})
	c := run(t, Config{Target: sandbox.Mgmt(ovstest.Bridge)})
	next[Up](t, c)
	load(t, c, 9, 50_000)
	if c.Backlog() != 0 {
		t.Errorf("backlog %d after the answer", c.Backlog())
	}
	if got := count(t, c, 9); got != 50_000 {
		t.Errorf("%d of 50000 flows are in the switch", got)
	}
}

// TestLanes loads over eight connections at once, whose transaction ids have one source.
func TestLanes(t *testing.T) {
	const lanes, flows = 8, 1000
	sandbox := ovstest.Start(t, ovstest.Options{})
	xids := new(XIDs)
	var loading sync.WaitGroup
	conns := make([]*Conn, lanes)
	for i := range conns {
		c := run(t, Config{Target: sandbox.Mgmt(ovstest.Bridge), XIDs: xids})
		next[Up](t, c)
		conns[i] = c
	}
	for i, c := range conns {
		loading.Go(func() { load(t, c, flow.TableID(i), flows) })
	}
	loading.Wait()
	for i := range conns {
		if got := count(t, conns[0], flow.TableID(i)); got != flows {
			t.Errorf("%d of %d flows are in table %d", got, flows, i)
		}
	}
}

// load adds flows to a table, in one bundle, and waits for its commit. It may run in any goroutine.
func load(t *testing.T, c *Conn, table flow.TableID, flows uint32) {
	f := flow.Flow{Key: flow.Key{Table: table, Priority: 100}}
	first := c.NextXIDs(int(flows))
	b := openflow.AppendBundleOpen(nil, c.NextXID(), 1, openflow.BundleOrdered)
	for i := range flows {
		f.Match = flow.Match(binary.BigEndian.AppendUint32([]byte{0, 1, 1 << 1, 4}, i)) // reg1
		var mark int
		b, mark = openflow.BeginBundleAdd(b, first+i, 1, openflow.BundleOrdered)
		b = openflow.EndBundleAdd(openflow.AppendFlowAdd(b, first+i, &f), mark)
		if len(b) > 60_000 {
			if err := c.Send(b); err != nil {
				t.Error(err)
				return
			}
			b = b[:0]
		}
	}
	commit := c.NextXID()
	if err := c.Send(openflow.AppendBundleCommit(b, commit, 1, openflow.BundleOrdered)); err != nil {
		t.Error(err)
		return
	}
	for e := range c.Events() {
		m, ok := e.(Message)
		if !ok || m.Type != openflow.TypeBundleControl {
			t.Errorf("instead of an answer: %+v", e)
			return
		}
		if m.XID == commit {
			return
		}
	}
}

// count dumps a table and counts its flows.
func count(t *testing.T, c *Conn, table flow.TableID) (flows int) {
	t.Helper()
	if err := c.Send(openflow.AppendFlowDescRequest(nil, c.NextXID(), uint8(table))); err != nil {
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
			flows++
		}
		more = part.More
	}
	return flows
}
