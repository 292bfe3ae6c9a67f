package swtest

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk/flow"
)

// A Switch is a switch in memory. Its methods may be called by several goroutines at once.
type Switch struct {
	features openflow.Features
	partLen  int // of a multipart message, at most

	serving sync.WaitGroup

	mu     sync.Mutex
	closed bool
	conns  map[*conn]struct{}
	flows  flowTable
	refuse func(flow.Flow) *openflow.Error
	log    Log
}

// A Log counts what a switch was sent. Flow mods in a bundle count when it is committed.
type Log struct {
	Added    int // flow mods that added a flow or replaced one
	Modified int // flow mods that changed the actions of a flow
	Deleted  int // flow mods that deleted a flow
	Idle     int // flow mods that named no flow there is, and did nothing
	Refused  int // messages answered by an error
	Commits  int // bundles committed
	Dumps    int // flow description requests
	Sessions int // handshakes done
}

// FlowMods is the number of flow mods that did something.
func (l Log) FlowMods() int { return l.Added + l.Modified + l.Deleted }

// An Option changes what New makes.
type Option func(*Switch)

// DatapathID sets the datapath id that the switch tells. Default: 1.
func DatapathID(id uint64) Option { return func(s *Switch) { s.features.DatapathID = id } }

// PartLen sets the length of the messages that a dump is split into, at most. Default: 65535 bytes, as Open vSwitch does.
func PartLen(bytes int) Option { return func(s *Switch) { s.partLen = bytes } }

// FlowLimit sets how many flows a table takes (Flow_Table:flow_limit). Default: no limit.
func FlowLimit(flows int) Option { return func(s *Switch) { s.flows.limit = flows } }

// New returns a switch without flows.
func New(options ...Option) *Switch {
	s := &Switch{
		features: openflow.Features{DatapathID: 1, Tables: 254, Capabilities: 0x24f}, // what ovs-vswitchd 3.1 says
		partLen:  openflow.MaxMessageLen,
		conns:    make(map[*conn]struct{}),
		flows:    newFlowTable(),
	}
	for _, o := range options {
		o(s)
	}
	return s
}

// Dial connects to the switch. The error is net.ErrClosed after Close.
func (s *Switch) Dial(ctx context.Context) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, net.ErrClosed
	}
	ours, theirs := net.Pipe()
	c := newConn(s, ours)
	s.conns[c] = struct{}{}
	s.serving.Go(c.serve)
	return theirs, nil
}

// Cut breaks all connections, at once and without a word. New ones are taken.
func (s *Switch) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.nc.Close()
	}
}

// Close breaks all connections, takes no new ones, and waits for the goroutines of the switch to end.
func (s *Switch) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.Cut()
	s.serving.Wait()
}

// Refuse sets a function that is asked for each flow that is to be added or modified, and returns the error that it is
// refused with, or nil. The stage is Open vSwitch's: an error that depends on what the switch holds (a missing group or meter,
// a full table) comes at the commit of a bundle, any other when the flow is put into the bundle. The function must not call
// methods of the Switch.
func (s *Switch) Refuse(f func(flow.Flow) *openflow.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = f
}

// Flows returns the flows of the switch: canonical, sorted by table, then priority (highest first), then match.
func (s *Switch) Flows() []flow.Flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	flows := make([]flow.Flow, 0, len(s.flows.entries))
	for key, e := range s.flows.entries {
		flows = append(flows, flow.Flow{Key: key, Actions: e.actions, Cookie: e.cookie})
	}
	slices.SortFunc(flows, func(a, b flow.Flow) int { return compareKeys(a.Key, b.Key) })
	return flows
}

func compareKeys(a, b flow.Key) int {
	switch {
	case a.Table != b.Table:
		return int(a.Table) - int(b.Table)
	case a.Priority != b.Priority:
		return int(b.Priority) - int(a.Priority)
	}
	return strings.Compare(string(a.Match), string(b.Match))
}

// Put adds flows, or replaces them, as another controller would. Their matches and actions must be canonical.
func (s *Switch) Put(flows ...flow.Flow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range flows {
		s.flows.put(f.Key, &entry{actions: f.Actions, cookie: f.Cookie, added: time.Now()})
	}
}

// Delete deletes flows, as another controller would.
func (s *Switch) Delete(keys ...flow.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		s.flows.delete(k)
	}
}

// Log returns what the switch was sent so far.
func (s *Switch) Log() Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log
}
