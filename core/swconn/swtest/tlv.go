package swtest

import (
	"encoding/binary"
	"slices"

	"github.com/flowhost/flowhost/core/openflow"
)

// What ovs-vswitchd's tables of Geneve options can hold (tun-metadata.h).
const (
	tlvMaxSpace  = 256
	tlvMaxFields = 64
)

// tlvTable answers a request for the mappings.
func (c *conn) tlvTable(xid uint32) {
	c.out.send(openflow.AppendTLVTableReply(nil, xid, &openflow.TLVTable{
		MaxSpace: tlvMaxSpace, MaxFields: tlvMaxFields, Mappings: c.sw.options,
	}))
}

// tlvMod does a TLV table mod.
func (c *conn) tlvMod(msg []byte) *openflow.Error {
	command, mappings, err := openflow.ParseTLVTableMod(msg)
	switch {
	case err != nil:
		return named("OFPBRC_BAD_LEN")
	case command > openflow.TLVClear:
		return named("NXTTMFC_BAD_COMMAND")
	}
	options := slices.Clone(c.sw.options)
	if command == openflow.TLVClear {
		mappings, command = options, openflow.TLVDelete
	}
	for _, m := range mappings {
		var refused *openflow.Error
		if command == openflow.TLVAdd {
			options, refused = addMapping(options, m)
		} else {
			options, refused = c.sw.deleteMapping(options, m)
		}
		if refused != nil {
			return refused
		}
	}
	c.sw.options = options
	return nil
}

func addMapping(options []openflow.TLVMapping, m openflow.TLVMapping) ([]openflow.TLVMapping, *openflow.Error) {
	if m.Index >= tlvMaxFields {
		return nil, named("NXTTMFC_BAD_FIELD_IDX")
	}
	if m.Length == 0 || m.Length%4 != 0 {
		return nil, named("NXTTMFC_BAD_OPT_LEN")
	}
	for _, o := range options {
		if o.Index == m.Index {
			return nil, named("NXTTMFC_ALREADY_MAPPED")
		}
		if o.Class == m.Class && o.Type == m.Type {
			return nil, named("NXTTMFC_DUP_ENTRY")
		}
	}
	return append(options, m), nil
}

func (s *Switch) deleteMapping(
	options []openflow.TLVMapping, m openflow.TLVMapping,
) ([]openflow.TLVMapping, *openflow.Error) {
	i := slices.Index(options, m)
	if i < 0 {
		return options, nil
	}
	for _, e := range s.flows.entries {
		if slices.Contains(e.names.options, m.Index) {
			return nil, named("NXTTMFC_INVALID_TLV_DEL")
		}
	}
	return slices.Delete(options, i, i+1), nil
}

// mapped says whether each of these tun_metadata fields has an option.
func (s *Switch) mapped(fields []uint16) bool {
	for _, n := range fields {
		if !slices.ContainsFunc(s.options, func(m openflow.TLVMapping) bool { return m.Index == n }) {
			return false
		}
	}
	return true
}

// tunnelOptions returns the N of the tun_metadataN fields (NXM_NX_TUN_METADATAn, class 1, fields 40 to 103) of a list of
// OXM TLVs.
func tunnelOptions(oxm []byte) (fields []uint16) {
	const nicira1, first = 1, 40
	for len(oxm) >= 4 && len(oxm) >= 4+int(oxm[3]) {
		if n := uint16(oxm[2]>>1) - first; binary.BigEndian.Uint16(oxm) == nicira1 && n < tlvMaxFields {
			fields = append(fields, n)
		}
		oxm = oxm[4+int(oxm[3]):]
	}
	return fields
}
