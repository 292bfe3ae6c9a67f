package sdktest_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// must returns v, or panics: for what is constant in a test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var (
	balanced = must(flow.ParseGroup("group_id=5,type=select,bucket=weight:1,actions=output:1,bucket=weight:3,actions=output:2"))
	capped   = must(flow.ParseMeter("meter=6 kbps bands=type=drop rate=1000"))
	toGroup  = must(flow.ParseFlow("table=3,priority=5,ip actions=group:5"))
	metered  = must(flow.ParseFlow("table=3,priority=6,ip actions=meter:6,output:1"))
	plain    = must(flow.ParseFlow("table=4,priority=1,ip actions=output:1"))

	thing = uuid.NewSHA1(uuid.Nil, []byte("thing"))
	other = uuid.NewSHA1(uuid.Nil, []byte("other"))
)

// session runs the body of a test as a source, and ends when it has.
func session(t *testing.T, o sdktest.Options, body func(ctx context.Context, h *sdk.Host)) *sdktest.Host {
	t.Helper()
	done := make(chan struct{})
	host := sdktest.Start(t, o, func(ctx context.Context, h *sdk.Host) error {
		defer close(done)
		body(ctx, h)
		return nil
	})
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("the source does not come to its end")
	}
	return host
}

// txn fills a transaction.
func txn(h *sdk.Host, fill func(*sdk.Txn)) *sdk.Txn {
	t := h.Begin()
	fill(t)
	return t
}

func TestGroupsAndMeters(t *testing.T) {
	h := session(t, sdktest.Options{Slot: 7}, func(ctx context.Context, h *sdk.Host) {
		_, err := txn(h, func(t *sdk.Txn) {
			t.Set(thing, toGroup, metered) // the order inside a transaction does not matter
			t.SetGroup(balanced)
			t.SetMeter(capped)
			t.FlushCT(9)
			t.FlushCTTuple(9, flow.Connections{Proto: 6, Orig: flow.Tuple{Src: netip.MustParseAddr("192.0.2.1"), DstPort: 80}})
		}).CommitAndWait(ctx)
		if err != nil {
			t.Error(err)
		}
		if _, err := h.SyncDone(ctx); err != nil {
			t.Error(err)
		}
	})
	h.WaitSynced()
	h.Golden("testdata/objects.txt")
	if zones := h.FlushedZones(); !slices.Equal(zones, []uint16{9}) {
		t.Errorf("zones %v were flushed, want 9", zones)
	}
}

func TestSameGroupIsNotTouched(t *testing.T) {
	wanted := balanced
	h := sdktest.Start(t, sdktest.Options{}, func(ctx context.Context, h *sdk.Host) error {
		if _, err := txn(h, func(t *sdk.Txn) { t.SetGroup(wanted); t.Add(thing, toGroup) }).CommitAndWait(ctx); err != nil {
			return err
		}
		_, err := h.SyncDone(ctx)
		return err
	})
	h.WaitSynced()
	sent := h.Sent()
	h.Restart()
	h.WaitSynced()
	if h.Sent() != sent || !strings.Contains(h.Groups(), "weight:3") {
		t.Errorf("%d flow_mods sent for the same, groups %s", h.Sent()-sent, h.Groups())
	}
}

func TestWhatIsWrongWithAGroup(t *testing.T) {
	group := func(edit func(*flow.Group)) func(*sdk.Txn) {
		g := balanced
		edit(&g)
		return func(t *sdk.Txn) { t.SetGroup(g) }
	}
	for name, c := range map[string]struct {
		fill func(*sdk.Txn)
		want error
		op   int
	}{
		"its id is another's":           {group(func(g *flow.Group) { g.ID = 200 }), sdk.ErrFenced, 0},
		"a meter's id is another's":     {func(t *sdk.Txn) { t.SetMeter(must(flow.NewMeter(200, flow.MeterKbps, flow.Band{Type: 1, Rate: 5}))) }, sdk.ErrFenced, 0},
		"a zone is another's":           {func(t *sdk.Txn) { t.Remove(thing); t.FlushCT(200) }, sdk.ErrFenced, 1},
		"connections of another's zone": {func(t *sdk.Txn) { t.FlushCTTuple(200, flow.Connections{}) }, sdk.ErrFenced, 0},
		"a bucket names another's":      {func(t *sdk.Txn) { t.SetGroup(must(flow.ParseGroup("group_id=5,type=all,bucket=actions=group:200"))) }, sdk.ErrFenced, 0},
		"its buckets are none":          {group(func(g *flow.Group) { g.Buckets = "xyz" }), sdk.ErrBadGroup, 0},
		"it has no such type":           {group(func(g *flow.Group) { g.Type = 9 }), sdk.ErrBadGroup, 0},
		"it is too large":               {group(func(g *flow.Group) { g.Buckets = strings.Repeat("b", 1<<17) }), sdk.ErrTooLarge, 0},
		"a meter's bands are none":      {func(t *sdk.Txn) { t.SetMeter(flow.Meter{ID: 6, Flags: flow.MeterKbps, Bands: "b"}) }, sdk.ErrBadMeter, 0},
		"a flow names one that is not":  {func(t *sdk.Txn) { t.Remove(other); t.Add(thing, metered) }, sdk.ErrUnset, 1},
		"a meter in an atomic one":      {func(t *sdk.Txn) { t.Atomic(); t.SetMeter(capped) }, sdk.ErrNotAtomic, 0},
		"a flush in an atomic one":      {func(t *sdk.Txn) { t.Atomic(); t.FlushCT(9) }, sdk.ErrNotAtomic, 0},
	} {
		t.Run(name, func(t *testing.T) {
			ids := []sdk.Range{{First: 1, Last: 100}}
			h := session(t, sdktest.Options{Groups: ids, Meters: ids, Zones: ids}, func(ctx context.Context, h *sdk.Host) {
				_, err := txn(h, c.fill).Commit(ctx)
				var r *sdk.RejectedError
				if !errors.Is(err, c.want) || !errors.Is(err, sdk.ErrRejected) || !errors.As(err, &r) || r.Op != c.op {
					t.Errorf("err = %v, want %v of operation %d", err, c.want, c.op)
				}
			})
			if all := h.Groups() + h.Meters() + h.Flows(); all != "" {
				t.Errorf("something was done:\n%s", all)
			}
		})
	}
}

func TestGroupInUseStays(t *testing.T) {
	session(t, sdktest.Options{}, func(ctx context.Context, h *sdk.Host) {
		if _, err := txn(h, func(t *sdk.Txn) { t.SetGroup(balanced); t.Add(thing, toGroup) }).Commit(ctx); err != nil {
			t.Error(err)
		}
		if _, err := txn(h, func(t *sdk.Txn) { t.RemoveGroup(5) }).Commit(ctx); !errors.Is(err, sdk.ErrInUse) {
			t.Errorf("err = %v, want ErrInUse", err)
		}
		if _, err := txn(h, func(t *sdk.Txn) { t.RemoveGroup(5); t.Remove(thing) }).Commit(ctx); err != nil {
			t.Error(err)
		}
	})
}

// TestRefusedMeter: like Open vSwitch's datapaths, the switch in memory has no dscp_remark; what names the meter waits with it.
func TestRefusedMeter(t *testing.T) {
	h := session(t, sdktest.Options{}, func(ctx context.Context, h *sdk.Host) {
		events := h.Events()
		bad := must(flow.NewMeter(6, flow.MeterKbps, flow.Band{Type: flow.BandDSCPRemark, Rate: 9}))
		_, err := txn(h, func(t *sdk.Txn) { t.SetMeter(bad); t.Add(thing, metered); t.Add(other, plain) }).CommitAndWait(ctx)
		var r *sdk.RefusedError
		if !errors.Is(err, sdk.ErrRefused) || !errors.As(err, &r) || r.Undone {
			t.Fatalf("err = %v, want ErrRefused", err)
		}
		named := map[sdk.Object]bool{}
		for _, f := range r.Flows {
			named[f.Object] = true
		}
		if meter := (sdk.Object{Kind: sdk.MeterObject, ID: 6}); !named[meter] || !named[sdk.Object{}] {
			t.Errorf("refused: %v, want the meter and the flow", r.Flows)
		}
		awaitEvent(ctx, t, events, func(e sdk.Refused) bool { return e.Object.ID == 6 && e.Text == "OFPMMFC_BAD_BAND" })
		if _, err := txn(h, func(t *sdk.Txn) { t.SetMeter(capped) }).CommitAndWait(ctx); err != nil {
			t.Error(err)
		}
		awaitEvent(ctx, t, events, func(e sdk.Recovered) bool { return e.UUID == thing })
	})
	if n := strings.Count(h.Flows(), "\n"); n != 2 {
		t.Errorf("%d flows, want both", n)
	}
}

// awaitEvent reads events until one fits.
func awaitEvent[E sdk.Event](ctx context.Context, t *testing.T, events <-chan sdk.Event, fits func(E) bool) {
	t.Helper()
	for {
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatal("the session is over")
			}
			if e, is := e.(E); is && fits(e) {
				return
			}
		case <-ctx.Done():
			t.Fatal("the event has not come")
		}
	}
}

func TestAtomicIsAllOrNothing(t *testing.T) {
	start := make(chan struct{})
	result := make(chan error, 3)
	h := sdktest.Start(t, sdktest.Options{}, func(ctx context.Context, h *sdk.Host) error {
		<-start
		_, err := txn(h, func(t *sdk.Txn) { t.Add(other, plain) }).Commit(ctx) // still under way when the next is committed
		result <- err
		atomic := func(t *sdk.Txn) { t.Atomic(); t.SetGroup(balanced); t.Add(thing, toGroup); t.Remove(other) }
		_, err = txn(h, atomic).Commit(ctx)
		result <- err
		_, err = txn(h, atomic).CommitAndWait(ctx)
		result <- err
		return nil
	})
	h.Refuse(func(f flow.Flow) bool { return f.Actions == toGroup.Actions })
	close(start)
	if err := <-result; err != nil {
		t.Error(err)
	}
	err := <-result
	var r *sdk.RefusedError
	if !errors.Is(err, sdk.ErrRefused) || !errors.As(err, &r) || !r.Undone || r.Flows[0].UUID != thing || r.Flows[0].Code != 9 {
		t.Errorf("err = %v, want the refusal of the flow", err)
	}
	if err := <-result; !errors.Is(err, sdk.ErrRefused) {
		t.Errorf("once more: %v", err)
	}
	h.WaitSettled()
	if h.Groups() != "" || !strings.Contains(h.Flows(), "table=4") {
		t.Errorf("groups %q, flows\n%s", h.Groups(), h.Flows())
	}
}

func TestAtomicIsTaken(t *testing.T) {
	h := session(t, sdktest.Options{}, func(ctx context.Context, h *sdk.Host) {
		_, err := txn(h, func(t *sdk.Txn) { t.Atomic(); t.SetGroup(balanced); t.Add(thing, toGroup, plain) }).Commit(ctx)
		if err != nil {
			t.Error(err)
		}
	})
	if h.Groups() == "" || strings.Count(h.Flows(), "\n") != 2 {
		t.Errorf("after Commit: groups %q, flows\n%s", h.Groups(), h.Flows())
	}
}

func TestFirstIDIsGood(t *testing.T) {
	host := session(t, sdktest.Options{}, func(ctx context.Context, h *sdk.Host) {
		meter, err := flow.ParseMeter(fmt.Sprintf("meter=%d kbps bands=type=drop rate=1000", h.Ranges().Meters[0].First))
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := txn(h, func(x *sdk.Txn) { x.SetMeter(meter) }).CommitAndWait(ctx); err != nil {
			t.Error(err)
		}
	})
	if got := host.Meters(); !strings.HasPrefix(got, "meter=1 ") {
		t.Errorf("meters are %q", got)
	}
}

func TestRejectionNamesWhatThereIs(t *testing.T) {
	session(t, sdktest.Options{}, func(ctx context.Context, h *sdk.Host) {
		_, err := txn(h, func(x *sdk.Txn) { x.Atomic(); x.SetMeter(capped) }).Commit(ctx)
		if got, want := fmt.Sprint(err), "transaction rejected: operation 0: a meter or a flush cannot be part of an atomic transaction"; got != want {
			t.Errorf("error is %q, want %q", got, want)
		}
	})
}
