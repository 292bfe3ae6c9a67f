package source

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// startLoop runs the real loop on a switch in memory, until the test ends. Its owners are "test" and more.
func startLoop(t testing.TB, sw *swtest.Switch, more ...string) *apply.Loop {
	t.Helper()
	fake, err := newFakeLoop("test")
	if err != nil {
		t.Fatal(err)
	}
	owners := []table.OwnerSpec{fake.spec}
	for _, name := range more {
		spec := fake.spec
		spec.Name = name
		owners = append(owners, spec)
	}
	loop, err := apply.New(apply.Config{
		Owners: owners,
		Switch: swconn.Config{Dial: sw.Dial, BackoffMin: time.Millisecond},
		Logger: hclog.NewNullLogger(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = loop.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		sw.Close()
	})
	return loop
}

func TestFromPluginToSwitch(t *testing.T) {
	sw := swtest.New()
	loop := startLoop(t, sw)
	r := startSourceOn(t, ToLoop(loop), "good", hasty, "FLOWS=100")
	st := r.synced()
	if n := len(sw.Flows()); n != 100 {
		t.Errorf("%d flows in the switch, want 100", n)
	}
	if first := sw.Flows()[0]; first.Cookie>>56 != 3 {
		t.Errorf("first flow is %s, want slot 3 in the cookie", first)
	}
	mods := sw.Log().FlowMods()
	sw.Cut()
	r.stop()
	gone(t, st.PID)
	if log := sw.Log(); len(sw.Flows()) != 100 || log.FlowMods() != mods {
		t.Errorf("after cut and stop: %d flows, %+v", len(sw.Flows()), log)
	}
	again := startSourceOn(t, ToLoop(loop), "good", hasty, "FLOWS=60")
	again.synced()
	for end := time.Now().Add(5 * time.Second); len(sw.Flows()) != 60 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	if log := sw.Log(); len(sw.Flows()) != 60 || log.FlowMods() != mods+40 {
		t.Errorf("after the restart with fewer: %d flows, %+v; want 60, by %d more flow mods", len(sw.Flows()), log, 40)
	}
}

func TestRefusalReachesTheAuthor(t *testing.T) {
	sw := swtest.New()
	bad := testFlow(7).Match
	sw.Refuse(func(f flow.Flow) *openflow.Error {
		if f.Match == bad {
			return &openflow.Error{Type: 2, Code: 9} // OFPET_BAD_ACTION, OFPBAC_BAD_OUT_GROUP
		}
		return nil
	})
	r := startSourceOn(t, ToLoop(startLoop(t, sw)), "good", hasty, "FLOWS=10")
	const want = "source failed: refused by the switch: flow of 00000000-0000-0000-0000-000000000007 in table 1, priority 100: OFPBAC_BAD_OUT_GROUP"
	if got := r.failed(); !strings.Contains(got, want) {
		t.Errorf("last error = %s\nwant %s", got, want)
	}
	if n := len(sw.Flows()); n != 9 {
		t.Errorf("%d flows in the switch, want the other 9", n)
	}
}

func TestUnknownOwner(t *testing.T) {
	loop := startLoop(t, swtest.New())
	attach := func(ctx context.Context, _ string, sink apply.Sink) (Owner, error) {
		return ToLoop(loop)(ctx, "nobody", sink)
	}
	r := startSourceOn(t, attach, "good", hasty)
	if got := r.failed(); !strings.Contains(got, "attach owner test: owner is not configured") {
		t.Errorf("last error = %s", got)
	}
}
