package openflow

import (
	"encoding/binary"

	"github.com/flowhost/flowhost/sdk/flow"
)

// FlowCommand is what a flow mod does (§7.3.4.2, enum ofp_flow_mod_command).
type FlowCommand uint8

// The commands of a flow mod.
const (
	FlowAdd          FlowCommand = 0
	FlowModify       FlowCommand = 1
	FlowModifyStrict FlowCommand = 2
	FlowDelete       FlowCommand = 3
	FlowDeleteStrict FlowCommand = 4
)

// flowModLen is the length of a flow mod without match and instructions:
//
//	header | cookie u64 | cookie_mask u64 | table u8 | command u8 | idle u16 | hard u16 | priority u16 |
//	buffer u32 | out_port u32 | out_group u32 | flags u16 | importance u16 | match | instructions
const flowModLen = 48

// bufferPortGroup are three fields of a flow mod that flowhost never uses: OFP_NO_BUFFER, OFPP_ANY and OFPG_ANY. It is a
// string, so that nothing can change it.
const bufferPortGroup = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"

// FlowModLen returns the length of the flow mod that AppendFlowAdd makes of f. It must not be above MaxMessageLen, less
// the BundleAddLen bytes around it in a bundle; the table refuses longer flows (a flow that is a little shorter than that
// is installed by Open vSwitch, and then missing in its dumps).
func FlowModLen(f *flow.Flow) int {
	return flowModLen + (4+len(f.Match)+7)&^7 + len(f.Actions)
}

// AppendFlowAdd appends a flow mod that adds f, without timeouts, flags and importance. A flow with the same key is
// replaced: it keeps its counters (f does not ask to reset them), and its duration begins anew.
func AppendFlowAdd(b []byte, xid uint32, f *flow.Flow) []byte {
	return appendFlowMod(b, xid, FlowAdd, &f.Key, f.Cookie, f.Actions)
}

// AppendFlowModifyStrict appends a flow mod that gives the flow with f's key f's actions, and leaves its counters and its
// duration alone. The cookie of the installed flow stays what it is (§6.4), f.Cookie notwithstanding. If there is no such
// flow, nothing happens, and it is not an error.
func AppendFlowModifyStrict(b []byte, xid uint32, f *flow.Flow) []byte {
	return appendFlowMod(b, xid, FlowModifyStrict, &f.Key, f.Cookie, f.Actions)
}

// AppendFlowDeleteStrict appends a flow mod that deletes the flow with key k. If there is no such flow, nothing happens,
// and it is not an error.
func AppendFlowDeleteStrict(b []byte, xid uint32, k *flow.Key) []byte {
	return appendFlowMod(b, xid, FlowDeleteStrict, k, 0, "")
}

func appendFlowMod(b []byte, xid uint32, cmd FlowCommand, k *flow.Key, cookie flow.Cookie, a flow.Actions) []byte {
	b, start := begin(b, TypeFlowMod, xid)
	b = binary.BigEndian.AppendUint64(b, uint64(cookie))
	b = append(b, zeros[:]...) // cookie mask: the cookie selects nothing
	b = append(b, byte(k.Table), byte(cmd), 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(k.Priority))
	b = append(b, bufferPortGroup...)
	b = append(b, 0, 0, 0, 0) // flags, importance
	b = appendMatch(b, k.Match)
	return end(append(b, a...), start)
}

// appendMatch appends an ofp_match (§7.2.3): type OFPMT_OXM, length without padding, TLVs, padding to 8 bytes.
func appendMatch[T ~string | ~[]byte](b []byte, oxm T) []byte {
	start := len(b)
	b = append(b, 0, 1)
	b = binary.BigEndian.AppendUint16(b, uint16(4+len(oxm)))
	return pad8(append(b, oxm...), start)
}

// A FlowMod is a decoded flow mod. Match and Instructions point into the message.
type FlowMod struct {
	XID          uint32
	Command      FlowCommand
	Table        uint8 // flow.TableID, or AllTables
	Priority     flow.Priority
	Cookie       flow.Cookie
	CookieMask   uint64
	IdleTimeout  uint16 // seconds
	HardTimeout  uint16 // seconds
	Importance   uint16
	Flags        uint16
	OutPort      uint32
	OutGroup     uint32
	Match        []byte // OXM TLVs, without the ofp_match header and padding
	Instructions []byte
}

// ParseFlowMod decodes a flow mod: what a switch does with one, and what finds the flow an error's data belongs to.
func ParseFlowMod(msg []byte) (FlowMod, error) {
	h, err := checkMessage(msg, "flow mod", TypeFlowMod, flowModLen+8)
	if err != nil {
		return FlowMod{}, err
	}
	m := FlowMod{
		XID:         h.XID,
		Cookie:      flow.Cookie(binary.BigEndian.Uint64(msg[8:])),
		CookieMask:  binary.BigEndian.Uint64(msg[16:]),
		Table:       msg[24],
		Command:     FlowCommand(msg[25]),
		IdleTimeout: binary.BigEndian.Uint16(msg[26:]),
		HardTimeout: binary.BigEndian.Uint16(msg[28:]),
		Priority:    flow.Priority(binary.BigEndian.Uint16(msg[30:])),
		OutPort:     binary.BigEndian.Uint32(msg[36:]),
		OutGroup:    binary.BigEndian.Uint32(msg[40:]),
		Flags:       binary.BigEndian.Uint16(msg[44:]),
		Importance:  binary.BigEndian.Uint16(msg[46:]),
	}
	w := walker{msg: msg, off: flowModLen, end: len(msg), what: "flow mod"}
	if m.Match, err = w.match(); err != nil {
		return FlowMod{}, err
	}
	m.Instructions = msg[w.off:]
	return m, nil
}
