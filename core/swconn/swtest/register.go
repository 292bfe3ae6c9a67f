package swtest

import (
	"encoding/binary"

	"github.com/flowhost/flowhost/sdk/flow"
)

// showMatch returns a canonical match in the form in which Open vSwitch shows it over OpenFlow 1.5: two 32-bit registers
// (NXM_NX_REGn, class 0x0001, fields 0 to 15) are one 64-bit one (OXM_OF_PKT_REGn, class 0x8001).
func showMatch(m flow.Match) []byte {
	var (
		out  []byte
		xreg = -1 // the register that value and mask are of
		v, k uint64
	)
	flush := func() {
		if xreg >= 0 {
			out = appendXReg(out, xreg, v, k)
		}
		xreg, v, k = -1, 0, 0
	}
	for b := []byte(m); len(b) > 0; {
		n := 4 + int(b[3])
		class, field, masked := binary.BigEndian.Uint16(b), int(b[2]>>1), b[2]&1 != 0
		if class != 1 || field > 15 {
			flush()
			out = append(out, b[:n]...)
			b = b[n:]
			continue
		}
		if field/2 != xreg {
			flush()
			xreg = field / 2
		}
		value, mask := binary.BigEndian.Uint32(b[4:]), uint32(0xffffffff)
		if masked {
			mask = binary.BigEndian.Uint32(b[8:])
		}
		shift := 32 * (1 - field%2) // an even register is the high half
		v |= uint64(value) << shift
		k |= uint64(mask) << shift
		b = b[n:]
	}
	flush()
	return out
}

// appendXReg appends the TLV of a 64-bit register.
func appendXReg(b []byte, xreg int, value, mask uint64) []byte {
	if mask == 1<<64-1 {
		b = append(b, 0x80, 0x01, byte(xreg<<1), 8)
		return binary.BigEndian.AppendUint64(b, value)
	}
	b = append(b, 0x80, 0x01, byte(xreg<<1|1), 16)
	b = binary.BigEndian.AppendUint64(b, value)
	return binary.BigEndian.AppendUint64(b, mask)
}
