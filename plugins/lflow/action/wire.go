package action

import (
	"encoding/binary"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// wire appends OpenFlow 1.5 actions in canonical form. Actions of logical flows are made by the million, so the frequent ones are
// written here rather than with package flow, which allocates for each; a test holds each against it.
type wire struct {
	b       []byte
	headers headers
}

// Action types (OpenFlow 1.5 §7.2.6) and subtypes of those of Open vSwitch (ovs-actions(7)).
const (
	typeSetField     = 25
	typeCopyField    = 28
	typeGroup        = 22
	typeMeter        = 29
	typeExperimenter = 0xffff
	nicira           = 0x00002320

	subResubmit   = 14
	subDecTTL     = 21 // NXAST_DEC_TTL_CNT_IDS
	subPush       = 27
	subPop        = 28
	subCT         = 35
	subNAT        = 36
	subController = 37
	subClone      = 42
)

// header is how a field is named on the wire.
type header struct {
	newest, oldest uint32 // in standard actions and in those of Open vSwitch; with the length, without a mask
	size           int    // bytes of a value
	bits           int
}

type headers map[*flow.Field]header

// newHeaders asks package flow for the headers of the fields that actions use.
func newHeaders() headers {
	h := make(headers)
	for _, f := range []*flow.Field{
		flow.PktMark, flow.Metadata, flow.CTState, flow.CTMark, flow.CTLabel, flow.EthSrc, flow.EthDst, flow.EthType, flow.VLANTCI,
		flow.IPSrc, flow.IPDst, flow.IPv6Src, flow.IPv6Dst, flow.IPv6Label, flow.IPProto, flow.IPDSCP, flow.IPECN, flow.IPTTL, flow.IPFrag,
		flow.ARPOp, flow.ARPSPA, flow.ARPTPA, flow.ARPSHA, flow.ARPTHA, flow.TCPSrc, flow.TCPDst, flow.TCPFlags, flow.UDPSrc, flow.UDPDst,
		flow.SCTPSrc, flow.SCTPDst, flow.ICMPType, flow.ICMPCode, flow.ICMPv6Type, flow.ICMPv6Code, flow.NDTarget, flow.NDSLL, flow.NDTLL,
	} {
		h[f] = newHeader(f)
	}
	for _, registers := range [][]*flow.Field{flow.Reg[:], flow.XReg[:], flow.XXReg[:]} {
		for _, f := range registers {
			h[f] = newHeader(f)
		}
	}
	return h
}

// newHeader takes the headers from actions that name the field.
func newHeader(f *flow.Field) header {
	bit := f.Part(0, 1)
	copied, err1 := flow.NewActions(flow.Move(bit, flow.Reg[0].Part(0, 1)))
	pushed, err2 := flow.NewActions(flow.Push(bit))
	if err1 != nil || err2 != nil {
		return header{} // of no field above: a test looks
	}
	const srcOfCopy, fieldOfPush = instructionHead + 12, instructionHead + 12
	newest := binary.BigEndian.Uint32([]byte(copied[srcOfCopy:]))
	oldest := binary.BigEndian.Uint32([]byte(pushed[fieldOfPush:]))
	return header{newest, oldest, int(newest & 0xff), f.Bits()}
}

func (w *wire) uint16s(values ...uint16) {
	for _, v := range values {
		w.b = binary.BigEndian.AppendUint16(w.b, v)
	}
}

func (w *wire) uint32s(values ...uint32) {
	for _, v := range values {
		w.b = binary.BigEndian.AppendUint32(w.b, v)
	}
}

const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00"

func (w *wire) zero(n int) { w.b = append(w.b, zeros[:n]...) }

// begin writes the front of one of Open vSwitch's actions, with the length to come, and returns where it begins.
func (w *wire) begin(subtype uint16) (start int) {
	start = len(w.b)
	w.uint32s(typeExperimenter<<16, nicira)
	w.uint16s(subtype)
	return start
}

// end pads what began at start to a multiple of 8 bytes and enters its length.
func (w *wire) end(start int) {
	if odd := (len(w.b) - start) % 8; odd != 0 {
		w.zero(8 - odd)
	}
	w.putLength(start)
}

func (w *wire) putLength(start int) {
	binary.BigEndian.PutUint16(w.b[start+2:], uint16(len(w.b)-start))
}

func (w *wire) resubmit(t flow.TableID) {
	w.uint32s(typeExperimenter<<16|16, nicira, subResubmit<<16|uint32(uint16(flow.PortInPort&0xffff)), uint32(t)<<24)
}

// decTTL tells no controller that the time to live runs out: a logical flow has sent one that does to the controller before.
func (w *wire) decTTL() { w.uint32s(typeExperimenter<<16|16, nicira, subDecTTL<<16, 0) }

// set writes the bits of mask in the field. Both values are as wide as the field.
func (w *wire) set(f *flow.Field, v, mask lex.Value) {
	h, start := w.headers[f], len(w.b)
	w.uint32s(typeSetField << 16)
	if mask == lex.Ones(8*h.size) { // a field that does not fill its bytes has a mask, as Open vSwitch writes it for OVN
		w.uint32s(h.newest)
		w.b = v.AppendBytes(w.b, h.size)
	} else {
		const masked = 1 << 8
		w.uint32s(h.newest&^0xff | masked | uint32(2*h.size))
		w.b = v.And(mask).AppendBytes(w.b, h.size)
		w.b = mask.AppendBytes(w.b, h.size)
	}
	w.end(start)
}

// load writes a number into part of a field.
func (w *wire) load(p flow.Part, v uint64) {
	w.set(p.Field, lex.Uint(v).Shl(p.First), lex.Ones(p.Bits).Shl(p.First))
}

// loadField writes a number into all of a field.
func (w *wire) loadField(f *flow.Field, v uint64) { w.load(f.Whole(), v) }

func (w *wire) move(src, dst flow.Part) {
	start := len(w.b)
	w.uint32s(typeCopyField << 16)
	w.uint16s(uint16(src.Bits), uint16(src.First), uint16(dst.First), 0)
	w.uint32s(w.headers[src.Field].newest, w.headers[dst.Field].newest)
	w.end(start)
}

func (w *wire) push(p flow.Part) { w.stack(subPush, p) }

func (w *wire) pop(p flow.Part) { w.stack(subPop, p) }

func (w *wire) stack(subtype uint16, p flow.Part) {
	start := w.begin(subtype)
	w.uint16s(uint16(p.First))
	w.uint32s(w.headers[p.Field].oldest)
	w.uint16s(uint16(p.Bits))
	w.end(start)
}
