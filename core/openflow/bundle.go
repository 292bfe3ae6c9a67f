package openflow

import "encoding/binary"

// BundleFlags say how the switch applies a bundle (§7.3.9.2). They must be the same in all messages of one bundle.
type BundleFlags uint16

// The flags of a bundle.
const (
	BundleAtomic  BundleFlags = 1 << 0 // no packet sees part of it
	BundleOrdered BundleFlags = 1 << 1 // applied in the order in which it was sent
)

// BundleControlType is what a bundle control message asks for or answers (§7.3.9.2).
type BundleControlType uint16

// The types of a bundle control message.
const (
	BundleOpenRequest    BundleControlType = 0
	BundleOpenReply      BundleControlType = 1
	BundleCloseRequest   BundleControlType = 2
	BundleCloseReply     BundleControlType = 3
	BundleCommitRequest  BundleControlType = 4
	BundleCommitReply    BundleControlType = 5
	BundleDiscardRequest BundleControlType = 6
	BundleDiscardReply   BundleControlType = 7
)

// BundleAddLen is the length of what a bundle add message puts in front of the message that it adds.
const BundleAddLen = 16

const bundleControlLen = 16

// AppendBundleOpen appends the message that opens bundle id. Ids are of the connection. Open vSwitch drops a bundle in
// which nothing has happened for 10 s (other_config:bundle-idle-timeout), and one that is opened again.
func AppendBundleOpen(b []byte, xid, id uint32, flags BundleFlags) []byte {
	return AppendBundleControl(b, xid, BundleControl{ID: id, Type: BundleOpenRequest, Flags: flags})
}

// AppendBundleCommit appends the message that applies bundle id, which is gone then, whatever the outcome. The switch
// answers with a bundle control reply or, if it applied nothing, with two errors: one of the first message that failed,
// and OFPBFC_MSG_FAILED of the commit.
func AppendBundleCommit(b []byte, xid, id uint32, flags BundleFlags) []byte {
	return AppendBundleControl(b, xid, BundleControl{ID: id, Type: BundleCommitRequest, Flags: flags})
}

// AppendBundleDiscard appends the message that drops bundle id.
func AppendBundleDiscard(b []byte, xid, id uint32, flags BundleFlags) []byte {
	return AppendBundleControl(b, xid, BundleControl{ID: id, Type: BundleDiscardRequest, Flags: flags})
}

// A BundleControl is the body of a bundle control message, request or reply.
type BundleControl struct {
	ID    uint32
	Type  BundleControlType
	Flags BundleFlags
}

// AppendBundleControl appends a bundle control message.
func AppendBundleControl(b []byte, xid uint32, c BundleControl) []byte {
	b, start := begin(b, TypeBundleControl, xid)
	b = binary.BigEndian.AppendUint32(b, c.ID)
	b = binary.BigEndian.AppendUint16(b, uint16(c.Type))
	b = binary.BigEndian.AppendUint16(b, uint16(c.Flags))
	return end(b, start)
}

// ParseBundleControl decodes a bundle control message: the replies to open, commit and discard.
func ParseBundleControl(msg []byte) (BundleControl, error) {
	if _, err := checkMessage(msg, "bundle control", TypeBundleControl, bundleControlLen); err != nil {
		return BundleControl{}, err
	}
	return BundleControl{
		ID:    binary.BigEndian.Uint32(msg[8:]),
		Type:  BundleControlType(binary.BigEndian.Uint16(msg[12:])),
		Flags: BundleFlags(binary.BigEndian.Uint16(msg[14:])),
	}, nil
}

// BeginBundleAdd appends the front part of a bundle add message. What follows is the one message to add, with the same
// xid (the switch refuses another), and then EndBundleAdd with the returned mark:
//
//	b, mark := openflow.BeginBundleAdd(b, xid, id, flags)
//	b = openflow.AppendFlowAdd(b, xid, &f)
//	b = openflow.EndBundleAdd(b, mark)
func BeginBundleAdd(b []byte, xid, id uint32, flags BundleFlags) (_ []byte, mark int) {
	b, mark = begin(b, TypeBundleAdd, xid)
	b = binary.BigEndian.AppendUint32(b, id)
	b = append(b, 0, 0)
	return binary.BigEndian.AppendUint16(b, uint16(flags)), mark
}

// EndBundleAdd ends the bundle add message that began at mark. It must not be longer than MaxMessageLen.
func EndBundleAdd(b []byte, mark int) []byte { return end(b, mark) }

// A BundleAdd is a decoded bundle add message.
type BundleAdd struct {
	XID     uint32
	ID      uint32
	Flags   BundleFlags
	Message []byte // the message in it, whole; points into the outer one
}

// ParseBundleAdd decodes a bundle add message. The message in it is checked no further than its length.
func ParseBundleAdd(msg []byte) (BundleAdd, error) {
	h, err := checkMessage(msg, "bundle add", TypeBundleAdd, BundleAddLen+HeaderLen)
	if err != nil {
		return BundleAdd{}, err
	}
	inner := msg[BundleAddLen:]
	n := int(binary.BigEndian.Uint16(inner[2:]))
	if n < HeaderLen || n > len(inner) {
		return BundleAdd{}, &DecodeError{What: "bundle add", Offset: BundleAddLen + 2, Reason: "the message in it leads out of it"}
	}
	return BundleAdd{
		XID:     h.XID,
		ID:      binary.BigEndian.Uint32(msg[8:]),
		Flags:   BundleFlags(binary.BigEndian.Uint16(msg[14:])),
		Message: inner[:n:n],
	}, nil
}
