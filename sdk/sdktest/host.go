package sdktest

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/source"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

// TB is what is needed of a *testing.T; a program that is no test can bring its own.
type TB interface {
	Helper()
	Cleanup(func())
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any) // does not return
	Failed() bool
}

// Host is a host in memory, and the source that it runs. Its methods fail the test when what they wait for does not come
// within Options.Patience.
type Host struct {
	t      TB
	o      Options
	sw     *swtest.Switch
	loop   *apply.Loop
	source *source.Source
	others map[string]*other
	log    *logBuffer
	end    func() error // ends the source, and returns what its Run did
}

// Start runs run, in this process, until the test ends. Like in the daemon, it is run again one second after it returned an
// error.
func Start(t TB, o Options, run func(context.Context, *sdk.Host) error) *Host {
	t.Helper()
	o = o.withDefaults()
	h := newHost(t, o)
	h.run(source.Config{Plugin: source.Plugin{Name: o.Owner}, Connect: inProcess(o.Info, run)})
	return h
}

// newHost makes a host without a source.
func newHost(t TB, o Options) *Host {
	t.Helper()
	h := &Host{t: t, o: o, sw: swtest.New(), others: make(map[string]*other), log: &logBuffer{}}
	owners := []table.OwnerSpec{o.spec()}
	for _, name := range o.Others {
		owners = append(owners, table.OwnerSpec{Name: name})
	}
	loop, err := apply.New(apply.Config{
		Owners: owners,
		Switch: swconn.Config{Dial: h.sw.Dial, BackoffMin: 10 * time.Millisecond},
		Logger: h.logger(),
	})
	if err != nil {
		t.Fatalf("make the host: %v", err)
	}
	h.loop = loop
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = loop.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		h.sw.Close()
		if t.Failed() {
			t.Logf("the host's log:\n%s", h.log)
		}
	})
	return h
}

// run runs a source on the host until the test ends or end is called.
func (h *Host) run(c source.Config) {
	c.Attach = source.ToLoop(h.loop)
	c.Bridge, c.Version, c.Logger = h.o.Bridge, "sdktest", h.logger()
	h.source = source.New(c)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.source.Run(ctx) }()
	h.end = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	h.t.Cleanup(func() { _ = h.end() })
}

func (h *Host) logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Output: h.log, Level: hclog.Debug, DisableTime: true})
}

// Stop asks the source to exit and waits until it has. Its flows stay. Stopping twice does nothing.
func (h *Host) Stop() { _ = h.end() }

// Restart ends the source in good order and starts it again: run is called anew, and its flows are stale until it says them.
func (h *Host) Restart() {
	h.t.Helper()
	before := h.source.State().Restarts
	h.source.Restart()
	h.await("started again", func() bool { return h.source.State().Restarts > before })
}

// Resync asks the source to say everything again.
func (h *Host) Resync() { h.source.Resync("asked for by a test") }

// CutSwitch ends the connection to the switch. The host connects again at once.
func (h *Host) CutSwitch() { h.sw.Cut() }

// Refuse makes the switch refuse flows from now on, as if their actions named a group that is not there
// (OFPBAC_BAD_OUT_GROUP). nil refuses none.
func (h *Host) Refuse(refuse func(flow.Flow) bool) {
	h.sw.Refuse(func(f flow.Flow) *openflow.Error {
		if refuse == nil || !refuse(f) {
			return nil
		}
		return &openflow.Error{Type: 2, Code: 9} // OFPET_BAD_ACTION, OFPBAC_BAD_OUT_GROUP
	})
}

// WaitSynced waits until the source has said SyncDone, and the switch has all that it wants but what it refused.
func (h *Host) WaitSynced() {
	h.t.Helper()
	h.await("synced", func() bool { return h.source.State().Phase == source.Synced && h.settled() })
}

// WaitSettled waits until the switch has all that the source has said up to now, but what it refused, and nothing more: a group stays for a
// second after the last flow that named it.
func (h *Host) WaitSettled() {
	h.t.Helper()
	h.await("settled", h.settled)
}

// WaitFailed waits until run has returned an error, and returns its text, as the daemon would show it.
func (h *Host) WaitFailed() string {
	h.t.Helper()
	h.await("failed", func() bool { return h.source.State().LastError != "" })
	return h.source.State().LastError
}

// Status returns what the source said last with Host.Status.
func (h *Host) Status() (ready bool, text string) {
	st := h.source.State()
	return st.Ready, st.Text
}

// WaitLog waits until a line with text has been logged, by the source or about it: the source's lines come a little later than
// its other doings.
func (h *Host) WaitLog(text string) {
	h.t.Helper()
	h.await("logging "+text, func() bool { return strings.Contains(h.log.String(), text) })
}

// Log returns what has been logged so far, by the source and about it.
func (h *Host) Log() string { return h.log.String() }

// Sent is how many flow_mods have changed something in the switch. Saying the same again sends none.
func (h *Host) Sent() int { return h.sw.Log().FlowMods() }

// Flows returns the flows that are in the switch, one a line in the syntax of ovs-ofctl, sorted.
func (h *Host) Flows() string {
	var text strings.Builder
	for _, f := range h.sw.Flows() {
		text.WriteString(f.String())
		text.WriteByte('\n')
	}
	return text.String()
}

// Groups returns the groups that are in the switch, one a line in the syntax of ovs-ofctl, sorted by id.
func (h *Host) Groups() string {
	var text strings.Builder
	for _, g := range h.sw.Groups() {
		shown := flow.Group{ID: flow.GroupID(g.ID), Type: flow.GroupType(g.Type), Buckets: string(g.Buckets), Properties: string(g.Properties)}
		text.WriteString(shown.String())
		text.WriteByte('\n')
	}
	return text.String()
}

// Meters returns the meters that are in the switch, one a line as ovs-ofctl add-meter reads them, sorted by id.
func (h *Host) Meters() string {
	var text strings.Builder
	for _, m := range h.sw.Meters() {
		shown := flow.Meter{ID: flow.MeterID(m.ID), Flags: flow.MeterFlags(m.Flags), Bands: string(m.Bands)}
		text.WriteString(strings.ReplaceAll(shown.String(), "\n", " "))
		text.WriteByte('\n')
	}
	return text.String()
}

// FlushedZones returns the conntrack zones that were flushed as a whole, in order.
func (h *Host) FlushedZones() []uint16 { return h.sw.FlushedZones() }

// settled says whether the loop has nothing left to do. A flow in quarantine is not waited for.
func (h *Host) settled() bool {
	st, err := h.loop.Status(context.Background())
	return err == nil && st.Phase == apply.Steady && st.InFlight == 0 && st.Table.Pending+st.Table.Lingering == 0
}

func (h *Host) await(what string, is func() bool) {
	h.t.Helper()
	for end := time.Now().Add(h.o.Patience); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("the source is not %s after %v: %+v", what, h.o.Patience, h.source.State())
		}
	}
}

// logBuffer keeps what is logged.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
