package openflow

import (
	"encoding/binary"
	"fmt"
)

// Experimenters whose messages and errors flowhost knows.
const (
	ExperimenterNicira uint32 = 0x00002320
	ExperimenterONF    uint32 = 0x4f4e4600
)

// errorExperimenter is the type of an error of an experimenter (§7.5.4): what would be its code is its type then.
const errorExperimenter = 0xffff

// An Error is an error message from the switch (§7.5.4).
//
// In a bundle, errors come in two stages. At BUNDLE_ADD, each bad message gets its own error. At COMMIT, two errors come:
// that of the first message that could not be applied, and OFPBFC_MSG_FAILED with the commit's XID. In both stages XID is
// that of the offending message, which is the same inside and outside, and Data is the whole bundle add message.
type Error struct {
	XID          uint32 // of the message that is in error
	Type         uint16 // 0xffff if Experimenter is not 0
	Code         uint16 // the experimenter's type of error, if Experimenter is not 0
	Experimenter uint32
	Data         []byte // the offending message: from Open vSwitch all of it, at least the first 64 bytes from any switch
}

// ParseError decodes an error message, of whatever version: Open vSwitch 3.1 answers a bad flow monitor request by an
// error of OpenFlow 1.0 whose XID is arbitrary and whose Data is memory of its own. Data points into msg.
func ParseError(msg []byte) (Error, error) {
	h, err := checkType(msg, "error", TypeError, HeaderLen+4)
	if err != nil {
		return Error{}, err
	}
	e := Error{
		XID:  h.XID,
		Type: binary.BigEndian.Uint16(msg[8:]),
		Code: binary.BigEndian.Uint16(msg[10:]),
		Data: msg[12:],
	}
	if e.Type == errorExperimenter {
		if len(msg) < HeaderLen+8 {
			return Error{}, &DecodeError{What: "error", Offset: len(msg), Reason: "too short for an experimenter's"}
		}
		e.Experimenter, e.Data = binary.BigEndian.Uint32(msg[12:]), msg[16:]
	}
	return e, nil
}

// AppendError appends an error message: e's XID, type, code and experimenter, and as much of e.Data as fits.
func AppendError(b []byte, e *Error) []byte {
	b, start := begin(b, TypeError, e.XID)
	if e.Experimenter != 0 || e.Type == errorExperimenter {
		b = binary.BigEndian.AppendUint16(b, errorExperimenter)
		b = binary.BigEndian.AppendUint16(b, e.Code)
		b = binary.BigEndian.AppendUint32(b, e.Experimenter)
	} else {
		b = binary.BigEndian.AppendUint16(b, e.Type)
		b = binary.BigEndian.AppendUint16(b, e.Code)
	}
	return end(append(b, e.Data[:min(len(e.Data), MaxMessageLen-(len(b)-start))]...), start)
}

// Error returns Open vSwitch's name for the error, e.g. "OFPBAC_BAD_OUT_GROUP", or its numbers if it has none.
func (e *Error) Error() string {
	if name, ok := errorNames[errorKey{e.Experimenter, e.Type, e.Code}]; ok {
		return name
	}
	if e.Experimenter != 0 {
		return fmt.Sprintf("experimenter 0x%08x error %d", e.Experimenter, e.Code)
	}
	return fmt.Sprintf("error type %d, code %d", e.Type, e.Code)
}

// ErrorNamed returns the error that Open vSwitch calls name, e.g. "OFPFMFC_TABLE_FULL", without XID and Data, and whether
// there is one. It looks through all names.
func ErrorNamed(name string) (Error, bool) {
	for k, n := range errorNames {
		if n == name {
			return Error{Type: k.typ, Code: k.code, Experimenter: k.experimenter}, true
		}
	}
	return Error{}, false
}

// Offender returns the type and xid of the message that is in error, as far as Data says: of a bundle add message, those of
// the message in it.
func (e *Error) Offender() (t Type, xid uint32, ok bool) {
	h, err := ParseHeader(e.Data)
	if err == nil && h.Type == TypeBundleAdd && len(e.Data) >= BundleAddLen+HeaderLen {
		h, err = ParseHeader(e.Data[BundleAddLen:])
	}
	return h.Type, h.XID, err == nil
}
