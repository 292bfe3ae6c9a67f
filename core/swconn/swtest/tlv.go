package swtest

import (
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
		if e.names.options&(1<<m.Index) != 0 {
			return nil, named("NXTTMFC_INVALID_TLV_DEL")
		}
	}
	return slices.Delete(options, i, i+1), nil
}

// mapped are the tun_metadata fields that have an option, as a set with bit N for tun_metadataN.
func (s *Switch) mapped() (fields uint64) {
	for _, m := range s.options {
		fields |= 1 << m.Index
	}
	return fields
}
