package openflow

import (
	"encoding/binary"
	"iter"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
)

// AllTables, as the table of a request, means all tables (OFPTT_ALL).
const AllTables = 0xff

// AppendFlowDescRequest appends a request for all flows of a table, or of AllTables, with their counters (§7.3.5.2).
// One dump of a big table set holds up Open vSwitch's main loop; a dump for each table does not.
func AppendFlowDescRequest(b []byte, xid uint32, table uint8) []byte {
	b, start := beginMultipart(b, TypeMultipartRequest, xid, MultipartFlowDesc, false)
	b = append(b, table, 0, 0, 0)
	b = append(b, bufferPortGroup[:8]...) // out_port, out_group: any
	b = append(b, 0, 0, 0, 0)
	b = append(b, zeros[:]...) // cookie
	b = append(b, zeros[:]...) // cookie mask
	return end(appendMatch[string](b, ""), start)
}

// Stats are the counters of a flow.
type Stats struct {
	Duration time.Duration // since the flow was added
	Idle     time.Duration // since a packet matched; 0 if the switch does not say
	Packets  uint64
	Bytes    uint64
}

// A FlowDesc is one flow of a dump. Match and Instructions point into the message.
type FlowDesc struct {
	Table        flow.TableID
	Priority     flow.Priority
	Cookie       flow.Cookie
	IdleTimeout  uint16 // seconds
	HardTimeout  uint16 // seconds
	Importance   uint16
	Flags        uint16 // OFPFF_*
	Match        []byte // OXM TLVs, without the ofp_match header and padding
	Instructions []byte
	Stats
}

// flowDescLen is the length of the fixed part of an ofp_flow_desc:
//
//	length u16 | pad[2] | table u8 | pad | priority u16 | idle u16 | hard u16 | flags u16 | importance u16 |
//	cookie u64 | match | stats | instructions
const flowDescLen = 24

// FlowDescs goes through the flows in one message of a flow description reply. If the message is malformed, the last
// pair has an error that Is ErrMessage; what came before is good.
func FlowDescs(msg []byte) iter.Seq2[FlowDesc, error] {
	return entries(msg, "flow description", MultipartFlowDesc, (*walker).flowDesc)
}

// flowDesc takes one ofp_flow_desc.
func (w *walker) flowDesc() (FlowDesc, error) {
	in, err := w.entry(flowDescLen)
	if err != nil {
		return FlowDesc{}, err
	}
	b, _ := in.take(flowDescLen) // entry has seen to it
	d := FlowDesc{
		Table:       flow.TableID(b[4]),
		Priority:    flow.Priority(binary.BigEndian.Uint16(b[6:])),
		IdleTimeout: binary.BigEndian.Uint16(b[8:]),
		HardTimeout: binary.BigEndian.Uint16(b[10:]),
		Flags:       binary.BigEndian.Uint16(b[12:]),
		Importance:  binary.BigEndian.Uint16(b[14:]),
		Cookie:      flow.Cookie(binary.BigEndian.Uint64(b[16:])),
	}
	if d.Match, err = in.match(); err != nil {
		return FlowDesc{}, err
	}
	oxs, err := in.stats()
	if err != nil {
		return FlowDesc{}, err
	}
	if err := d.Stats.parse(oxs); err != nil {
		return FlowDesc{}, in.errorf("%v", err)
	}
	d.Instructions, err = in.take(in.left())
	return d, err
}

// AppendFlowDesc appends one flow to a flow description reply (BeginMultipartReply), as Open vSwitch writes it.
func AppendFlowDesc(b []byte, d *FlowDesc) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0, byte(d.Table), 0)
	b = binary.BigEndian.AppendUint16(b, uint16(d.Priority))
	b = binary.BigEndian.AppendUint16(b, d.IdleTimeout)
	b = binary.BigEndian.AppendUint16(b, d.HardTimeout)
	b = binary.BigEndian.AppendUint16(b, d.Flags)
	b = binary.BigEndian.AppendUint16(b, d.Importance)
	b = binary.BigEndian.AppendUint64(b, uint64(d.Cookie))
	b = appendMatch(b, d.Match)
	b = d.Stats.append(b)
	b = append(b, d.Instructions...)
	binary.BigEndian.PutUint16(b[start:], uint16(len(b)-start))
	return b
}

// ParseFlowDescRequest decodes what AppendFlowDescRequest appends; what else a request may ask for is not looked at.
func ParseFlowDescRequest(msg []byte) (table uint8, err error) {
	_, err = checkMessage(msg, "flow description request", TypeMultipartRequest, multipartLen+32+8)
	if err == nil && MultipartType(binary.BigEndian.Uint16(msg[8:])) != MultipartFlowDesc {
		err = &DecodeError{What: "flow description request", Offset: 8, Reason: "another multipart type"}
	}
	if err != nil {
		return 0, err
	}
	return msg[multipartLen], nil
}
