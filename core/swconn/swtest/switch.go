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
	features     openflow.Features
	partLen      int // of a multipart message, at most
	monitorLimit int // bytes that wait to be written before flow monitors pause; 0: none

	serving sync.WaitGroup

	mu      sync.Mutex
	goOn    sync.Cond // hanging or closed has changed
	closed  bool
	hanging bool
	mute    bool // tells nobody what changes
	pause   time.Duration
	conns   map[*conn]struct{}
	refuse  func(flow.Flow) *openflow.Error
	log     Log

	flows      flowTable
	groups     map[uint32]*openflow.Group
	meters     map[uint32]*openflow.Meter
	options    []openflow.TLVMapping
	ports      map[uint32]*openflow.PortDesc
	packetOuts []openflow.PacketOut
	resumed    []openflow.PacketIn
	flushed    []uint16
}

// A Log counts what a switch was sent. What is in a bundle counts when it is committed.
type Log struct {
	Added     int // flow mods that added a flow or replaced one
	Modified  int // flow mods that modified a flow
	Deleted   int // flow mods that deleted a flow
	Idle      int // flow mods that named no flow there is, and did nothing
	GroupMods int // group mods that did something
	MeterMods int // meter mods that did something
	CTFlushes int // requests to forget single connections
	Refused   int // messages answered by an error
	Commits   int // bundles committed
	Dumps     int // flow description requests
	Sessions  int // handshakes done
	Echoes    int // echo requests answered by controllers
	Crashes   int // restarts, asked for or not
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

// MonitorLimit sets how many bytes may wait to be written to a connection before its flow monitors pause. Default: no limit.
func MonitorLimit(bytes int) Option { return func(s *Switch) { s.monitorLimit = bytes } }

// New returns a switch that holds nothing but its local port.
func New(options ...Option) *Switch {
	s := &Switch{
		features: openflow.Features{DatapathID: 1, Tables: 254, Capabilities: 0x24f}, // what ovs-vswitchd 3.1 says
		partLen:  openflow.MaxMessageLen,
		conns:    make(map[*conn]struct{}),
		ports:    map[uint32]*openflow.PortDesc{openflow.PortLocal: {Number: openflow.PortLocal, Name: "br-int"}},
	}
	s.goOn.L = &s.mu
	s.forget()
	for _, o := range options {
		o(s)
	}
	return s
}

// forget makes the switch empty.
func (s *Switch) forget() {
	limit := s.flows.limit
	s.flows = newFlowTable()
	s.flows.limit = limit
	s.groups = make(map[uint32]*openflow.Group)
	s.meters = make(map[uint32]*openflow.Meter)
	s.options = nil
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
	s.goOn.Broadcast()
	s.mu.Unlock()
	s.Cut()
	s.serving.Wait()
}

// Refuse sets a function that is asked for each flow that is to be added or modified, and returns the error that it is
// refused with, or nil. The stage is Open vSwitch's: an error that depends on what the switch holds (a missing group or
// meter, a full table) comes at the commit of a bundle, any other when the flow is put into the bundle. The function must
// not call methods of the Switch.
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
	t := s.begin(nil)
	for _, f := range flows {
		t.put(openflow.FlowAdded, f.Key, newEntry(f), 0)
	}
	t.end()
}

// Delete deletes flows, as another controller would.
func (s *Switch) Delete(keys ...flow.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.begin(nil)
	for _, k := range keys {
		if s.flows.entries[k] != nil {
			t.remove(k, removedDelete, 0)
		}
	}
	t.end()
}

// Log returns what the switch was sent so far.
func (s *Switch) Log() Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log
}
