package openflow

import "encoding/binary"

// Features is what a switch says of itself (§7.3.1).
type Features struct {
	DatapathID   uint64 // the lower 48 bits are a MAC address of the bridge, normally
	Buffers      uint32 // packets the switch can keep for packet-ins; 0 in Open vSwitch
	Tables       uint8  // number of tables; Open vSwitch says 254
	AuxiliaryID  uint8  // 0 on a main connection
	Capabilities uint32 // OFPC_* bits
}

const featuresLen = 32

// AppendFeaturesRequest appends a request for the switch's Features.
func AppendFeaturesRequest(b []byte, xid uint32) []byte {
	b, start := begin(b, TypeFeaturesRequest, xid)
	return end(b, start)
}

// AppendFeaturesReply appends the answer to a features request.
func AppendFeaturesReply(b []byte, xid uint32, f Features) []byte {
	b, start := begin(b, TypeFeaturesReply, xid)
	b = binary.BigEndian.AppendUint64(b, f.DatapathID)
	b = binary.BigEndian.AppendUint32(b, f.Buffers)
	b = append(b, f.Tables, f.AuxiliaryID, 0, 0)
	b = binary.BigEndian.AppendUint32(b, f.Capabilities)
	b = append(b, 0, 0, 0, 0) // reserved
	return end(b, start)
}

// ParseFeatures decodes a features reply.
func ParseFeatures(msg []byte) (Features, error) {
	if _, err := checkMessage(msg, "features reply", TypeFeaturesReply, featuresLen); err != nil {
		return Features{}, err
	}
	return Features{
		DatapathID:   binary.BigEndian.Uint64(msg[8:]),
		Buffers:      binary.BigEndian.Uint32(msg[16:]),
		Tables:       msg[20],
		AuxiliaryID:  msg[21],
		Capabilities: binary.BigEndian.Uint32(msg[24:]),
	}, nil
}
