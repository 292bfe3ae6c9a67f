package openflow

import (
	"encoding/binary"
	"iter"

	"github.com/flowhost/flowhost/sdk/flow"
)

// FlowMonitorFlags say what a flow monitor tells (§7.3.5.17).
type FlowMonitorFlags uint16

// The flags of a flow monitor. Open vSwitch 3.1 reads OFPFMF_ONLY_OWN as "tell what this connection does in full, too":
// without it, that comes as FlowAbbrev, and what other connections do in full, always. It knows no OFPFMF_NO_ABBREV.
const (
	MonitorInitial      FlowMonitorFlags = 1 << 0 // first what is there, as FlowInitial
	MonitorAdd          FlowMonitorFlags = 1 << 1
	MonitorRemoved      FlowMonitorFlags = 1 << 2
	MonitorModify       FlowMonitorFlags = 1 << 3
	MonitorInstructions FlowMonitorFlags = 1 << 4 // with the instructions of each flow
	MonitorOwn          FlowMonitorFlags = 1 << 6
)

// A FlowMonitor is a wish to hear of changes of flows.
type FlowMonitor struct {
	ID    uint32 // of the connection
	Flags FlowMonitorFlags
	Table uint8 // or AllTables
}

// Commands of a flow monitor request (enum ofp_flow_monitor_command).
const (
	monitorAdd    = 0
	monitorDelete = 2
)

// AppendFlowMonitor appends a request that arms a flow monitor. The reply has the request's xid, and with MonitorInitial
// the flows there are; each later message has xid 0. No two monitors of a connection may have the same id, and no other
// flags may be set: Open vSwitch 3.1 answers by an error that is not well formed, see ParseError.
func AppendFlowMonitor(b []byte, xid uint32, m FlowMonitor) []byte {
	return appendFlowMonitor(b, xid, m, monitorAdd)
}

// AppendFlowMonitorDelete appends a request that ends a flow monitor. The reply is empty.
func AppendFlowMonitorDelete(b []byte, xid uint32, id uint32) []byte {
	return appendFlowMonitor(b, xid, FlowMonitor{ID: id, Table: AllTables}, monitorDelete)
}

func appendFlowMonitor(b []byte, xid uint32, m FlowMonitor, cmd byte) []byte {
	b, start := beginMultipart(b, TypeMultipartRequest, xid, MultipartFlowMonitor, false)
	b = binary.BigEndian.AppendUint32(b, m.ID)
	b = append(b, bufferPortGroup[:8]...) // out_port, out_group: any
	b = binary.BigEndian.AppendUint16(b, uint16(m.Flags))
	b = append(b, m.Table, cmd)
	return end(appendMatch[string](b, ""), start)
}

// flowMonitorLen is the length of a flow monitor request without its match:
//
//	multipart header | monitor u32 | out_port u32 | out_group u32 | flags u16 | table u8 | command u8 | match
const flowMonitorLen = multipartLen + 16

// ParseFlowMonitor decodes what AppendFlowMonitor and AppendFlowMonitorDelete append.
func ParseFlowMonitor(msg []byte) (m FlowMonitor, remove bool, err error) {
	_, err = checkMessage(msg, "flow monitor request", TypeMultipartRequest, flowMonitorLen)
	if err == nil && MultipartType(binary.BigEndian.Uint16(msg[8:])) != MultipartFlowMonitor {
		err = &DecodeError{What: "flow monitor request", Offset: 8, Reason: "another multipart type"}
	}
	if err != nil {
		return FlowMonitor{}, false, err
	}
	return FlowMonitor{
		ID:    binary.BigEndian.Uint32(msg[16:]),
		Flags: FlowMonitorFlags(binary.BigEndian.Uint16(msg[28:])),
		Table: msg[30],
	}, msg[31] == monitorDelete, nil
}

// FlowEvent is what a FlowUpdate tells (enum ofp_flow_update_event).
type FlowEvent uint16

// The events of a flow monitor. When a connection reads too slowly, Open vSwitch pauses its monitors: FlowPaused; then,
// once it has read what was queued, FlowAdded or FlowModified for each flow that has changed meanwhile and is still
// there, and FlowResumed. FlowRemoved is told at once, but not of a flow that was added or replaced since the pause
// began: one that was there before, was replaced and then deleted goes untold. After a pause only a dump says what there
// is.
const (
	FlowInitial  FlowEvent = 0
	FlowAdded    FlowEvent = 1 // or replaced by one with another cookie
	FlowRemoved  FlowEvent = 2
	FlowModified FlowEvent = 3
	FlowAbbrev   FlowEvent = 4 // this connection's own message with this XID has changed flows
	FlowPaused   FlowEvent = 5
	FlowResumed  FlowEvent = 6
)

// Reasons of FlowRemoved (enum ofp_flow_removed_reason): what the flow named was deleted.
const (
	RemovedWithGroup = 3
	RemovedWithMeter = 4
)

// A FlowUpdate is what a flow monitor tells of one flow. With FlowAbbrev only XID is set, with FlowPaused and FlowResumed
// nothing. Match and Instructions point into the message.
type FlowUpdate struct {
	Event        FlowEvent
	XID          uint32
	Table        flow.TableID
	Reason       uint8 // of FlowRemoved: OFPRR_*, e.g. 0 idle, 1 hard, 2 deleted, RemovedWithGroup
	Priority     flow.Priority
	Cookie       flow.Cookie
	IdleTimeout  uint16 // seconds
	HardTimeout  uint16 // seconds
	Match        []byte // OXM TLVs, without the ofp_match header and padding
	Instructions []byte // empty without MonitorInstructions
}

// flowUpdateLen is the length of an ofp_flow_update_header and what is in every full update:
//
//	length u16 | event u16 | table u8 | reason u8 | idle u16 | hard u16 | priority u16 | pad[4] | cookie u64 | match | instructions
//
// The others have 8 bytes: length, event, and the xid or padding.
const (
	flowUpdateLen      = 24
	flowUpdateShortLen = 8
)

// FlowUpdates goes through the updates in one message of a flow monitor. If the message is malformed, the last pair has
// an error that Is ErrMessage.
func FlowUpdates(msg []byte) iter.Seq2[FlowUpdate, error] {
	return entries(msg, "flow update", MultipartFlowMonitor, (*walker).flowUpdate)
}

// flowUpdate takes one update.
func (w *walker) flowUpdate() (FlowUpdate, error) {
	in, err := w.entry(flowUpdateShortLen)
	if err != nil {
		return FlowUpdate{}, err
	}
	b := in.msg[in.off:in.end]
	u := FlowUpdate{Event: FlowEvent(binary.BigEndian.Uint16(b[2:]))}
	switch u.Event {
	case FlowInitial, FlowAdded, FlowRemoved, FlowModified:
	case FlowAbbrev:
		u.XID = binary.BigEndian.Uint32(b[4:])
		return u, nil
	case FlowPaused, FlowResumed:
		return u, nil
	default:
		return FlowUpdate{}, in.errorf("event %d is unknown", u.Event)
	}
	if _, err := in.take(flowUpdateLen); err != nil {
		return FlowUpdate{}, err
	}
	u.Table = flow.TableID(b[4])
	u.Reason = b[5]
	u.IdleTimeout = binary.BigEndian.Uint16(b[6:])
	u.HardTimeout = binary.BigEndian.Uint16(b[8:])
	u.Priority = flow.Priority(binary.BigEndian.Uint16(b[10:]))
	u.Cookie = flow.Cookie(binary.BigEndian.Uint64(b[16:]))
	if u.Match, err = in.match(); err != nil {
		return FlowUpdate{}, err
	}
	u.Instructions, err = in.take(in.left())
	return u, err
}

// AppendFlowUpdate appends one update to a message of a flow monitor (BeginMultipartReply).
func AppendFlowUpdate(b []byte, u *FlowUpdate) []byte {
	start := len(b)
	b = append(b, 0, flowUpdateShortLen)
	b = binary.BigEndian.AppendUint16(b, uint16(u.Event))
	switch u.Event {
	case FlowAbbrev, FlowPaused, FlowResumed:
		return binary.BigEndian.AppendUint32(b, u.XID)
	}
	b = append(b, byte(u.Table), u.Reason)
	b = binary.BigEndian.AppendUint16(b, u.IdleTimeout)
	b = binary.BigEndian.AppendUint16(b, u.HardTimeout)
	b = binary.BigEndian.AppendUint16(b, uint16(u.Priority))
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint64(b, uint64(u.Cookie))
	b = append(appendMatch(b, u.Match), u.Instructions...)
	binary.BigEndian.PutUint16(b[start:], uint16(len(b)-start))
	return b
}
