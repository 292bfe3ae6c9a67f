package openflow

import "encoding/binary"

// A TLVMapping maps a Geneve option to a field tun_metadataN of matches and actions (ovs-ofctl(8), add-tlv-map).
type TLVMapping struct {
	Class  uint16 // of the option
	Type   uint8
	Length uint8  // of the option's value, in bytes; a multiple of 4
	Index  uint16 // N of tun_metadataN, 0 to 63
}

// A TLVTable is the mappings of a bridge. They are the bridge's, and survive every connection.
type TLVTable struct {
	MaxSpace  uint32 // bytes of all options together, at most
	MaxFields uint16 // how many tun_metadataN there are
	Mappings  []TLVMapping
}

// tlvMappingLen is the length of an nx_tlv_map:
//
//	class u16 | type u8 | length u8 | index u16 | pad[2]
const tlvMappingLen = 8

// tlvTableLen is the length of the body of a TLV table reply without the mappings:
//
//	max_space u32 | max_fields u16 | reserved[10] | mappings
const tlvTableLen = 16

// TLVCommand is what a TLV table mod does.
type TLVCommand uint16

// The commands of a TLV table mod.
const (
	TLVAdd    TLVCommand = 0 // NXTTMFC_ALREADY_MAPPED if the field has an option, NXTTMFC_DUP_ENTRY if the option has a field
	TLVDelete TLVCommand = 1
	TLVClear  TLVCommand = 2
)

// AppendTLVTableRequest appends a request for the TLVTable of the bridge.
func AppendTLVTableRequest(b []byte, xid uint32) []byte {
	b, start := beginNicira(b, xid, NXTTLVTableRequest)
	return end(b, start)
}

// AppendTLVTableMod appends a message that adds mappings to the bridge's table, or deletes them. There is no reply: a barrier
// behind it tells success.
func AppendTLVTableMod(b []byte, xid uint32, cmd TLVCommand, mappings ...TLVMapping) []byte {
	b, start := beginNicira(b, xid, NXTTLVTableMod)
	b = binary.BigEndian.AppendUint16(b, uint16(cmd))
	b = append(b, zeros[:6]...)
	return end(appendTLVMappings(b, mappings), start)
}

// AppendTLVTableReply appends the answer to a TLV table request.
func AppendTLVTableReply(b []byte, xid uint32, t *TLVTable) []byte {
	b, start := beginNicira(b, xid, NXTTLVTableReply)
	b = binary.BigEndian.AppendUint32(b, t.MaxSpace)
	b = binary.BigEndian.AppendUint16(b, t.MaxFields)
	b = append(b, zeros[:]...)
	b = append(b, 0, 0)
	return end(appendTLVMappings(b, t.Mappings), start)
}

func appendTLVMappings(b []byte, mappings []TLVMapping) []byte {
	for _, m := range mappings {
		b = binary.BigEndian.AppendUint16(b, m.Class)
		b = append(b, m.Type, m.Length)
		b = binary.BigEndian.AppendUint16(b, m.Index)
		b = append(b, 0, 0)
	}
	return b
}

// ParseTLVTable decodes a TLV table reply.
func ParseTLVTable(msg []byte) (TLVTable, error) {
	w, err := nicira(msg, "TLV table", NXTTLVTableReply, tlvTableLen)
	if err != nil {
		return TLVTable{}, err
	}
	b, _ := w.take(tlvTableLen) // nicira has seen to it
	t := TLVTable{MaxSpace: binary.BigEndian.Uint32(b), MaxFields: binary.BigEndian.Uint16(b[4:])}
	t.Mappings, err = w.tlvMappings()
	return t, err
}

// ParseTLVTableMod decodes a TLV table mod.
func ParseTLVTableMod(msg []byte) (TLVCommand, []TLVMapping, error) {
	w, err := nicira(msg, "TLV table mod", NXTTLVTableMod, 8)
	if err != nil {
		return 0, nil, err
	}
	b, _ := w.take(8) // nicira has seen to it
	mappings, err := w.tlvMappings()
	return TLVCommand(binary.BigEndian.Uint16(b)), mappings, err
}

func (w *walker) tlvMappings() ([]TLVMapping, error) {
	mappings := make([]TLVMapping, 0, w.left()/tlvMappingLen)
	for w.left() > 0 {
		b, err := w.take(tlvMappingLen)
		if err != nil {
			return nil, err
		}
		mappings = append(mappings, TLVMapping{
			Class:  binary.BigEndian.Uint16(b),
			Type:   b[2],
			Length: b[3],
			Index:  binary.BigEndian.Uint16(b[4:]),
		})
	}
	return mappings, nil
}
