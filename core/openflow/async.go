package openflow

import "encoding/binary"

// Async says which messages the switch sends unasked (§7.3.10). On a bridge's management socket it sends none before it is
// told to. Each is a set of reasons, bit n for reason n.
type Async struct {
	PacketIn    uint32 // OFPR_*; e.g. AsyncAllPacketIns
	PortStatus  uint32 // PortReason; e.g. AsyncAllPortStatus
	FlowRemoved uint32 // OFPRR_*

	RequestForward uint32 // ForwardGroupMods, ForwardMeterMods
}

// All reasons that OpenFlow 1.5 has.
const (
	AsyncAllPacketIns  uint32 = 1<<6 - 1
	AsyncAllPortStatus uint32 = 1<<3 - 1
)

// Properties of a set-async message (enum ofp_async_config_prop_type): there is one for a controller in the role of a
// slave, and one for every other role, which is ours.
const (
	asyncPacketIn       = 1
	asyncPortStatus     = 3
	asyncFlowRemoved    = 5
	asyncRequestForward = 11
)

// AppendSetAsync appends the request to send these messages, and no others of their types. It has no reply.
func AppendSetAsync(b []byte, xid uint32, a Async) []byte {
	b, start := begin(b, TypeSetAsync, xid)
	b = appendProperty(b, asyncPacketIn, binary.BigEndian.AppendUint32(nil, a.PacketIn)...)
	b = appendProperty(b, asyncPortStatus, binary.BigEndian.AppendUint32(nil, a.PortStatus)...)
	b = appendProperty(b, asyncFlowRemoved, binary.BigEndian.AppendUint32(nil, a.FlowRemoved)...)
	b = appendProperty(b, asyncRequestForward, binary.BigEndian.AppendUint32(nil, a.RequestForward)...)
	return end(b, start)
}

// ParseSetAsync decodes a set-async message. Properties that flowhost does not send it leaves out.
func ParseSetAsync(msg []byte) (Async, error) {
	if _, err := checkMessage(msg, "set-async", TypeSetAsync, HeaderLen); err != nil {
		return Async{}, err
	}
	var a Async
	w := walker{msg: msg, off: HeaderLen, end: len(msg), what: "set-async"}
	for w.left() > 0 {
		typ, value, err := w.property()
		if err != nil {
			return Async{}, err
		}
		switch typ {
		case asyncPacketIn:
			a.PacketIn = propertyUint32(value)
		case asyncPortStatus:
			a.PortStatus = propertyUint32(value)
		case asyncFlowRemoved:
			a.FlowRemoved = propertyUint32(value)
		case asyncRequestForward:
			a.RequestForward = propertyUint32(value)
		}
	}
	return a, nil
}
