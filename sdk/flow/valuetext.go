package flow

import (
	"net/netip"
	"strconv"
)

// appendValue appends a value, and the mask behind a slash unless it is "", as actions show it (OVS, mf_format).
func (f *Field) appendValue(b []byte, value, mask string) []byte {
	if mask != "" && allBytes(mask, 0) {
		return append(b, "ANY"...)
	}
	form := f.form
	if mask != "" && (form == formPort16 || form == formPort32) {
		form = formDecimal // part of a port has no name
	}
	switch form {
	case formMAC:
		return appendMasked(b, value, mask, appendMAC)
	case formIPv4:
		return appendIP(b, value, mask)
	case formIPv6:
		return appendIP(b, value, mask)
	case formPort16:
		return appendPort(b, uint32(port32(be16(value, 0))))
	case formPort32:
		return appendPort(b, be32(value, 0))
	case formCTState:
		return appendFlags(b, uint32(uintOf(value)), flagMask(f, mask), 0xff, ctStateNames)
	case formTCPFlags:
		return appendFlags(b, uint32(uintOf(value)), flagMask(f, mask), 0xfff, tcpFlagNames)
	case formTunFlags:
		return appendFlags(b, uint32(uintOf(value)), flagMask(f, mask), 1, tunFlagNames)
	case formFrag:
		return append(b, fragWord(value, mask)...)
	case formPacketType:
		return appendPacketType(b, be32(value, 0))
	}
	return f.appendInteger(b, value, mask)
}

func (f *Field) appendInteger(b []byte, value, mask string) []byte {
	if len(value) > 8 {
		return appendMasked(b, value, mask, appendLongHex)
	}
	if f.form != formHex {
		b = strconv.AppendUint(b, uintOf(value), 10)
	} else {
		b = appendHex(b, uintOf(value))
	}
	if mask != "" {
		b = appendHex(append(b, '/'), uintOf(mask))
	}
	return b
}

func appendPacketType(b []byte, t uint32) []byte {
	b = strconv.AppendUint(append(b, '('), uint64(t>>16), 10)
	if b = append(b, ','); t&0xffff > 9 {
		b = append(b, "0x"...)
	}
	return append(strconv.AppendUint(b, uint64(t&0xffff), 16), ')')
}

func appendMasked(b []byte, value, mask string, form func([]byte, string) []byte) []byte {
	b = form(b, value)
	if mask != "" {
		b = form(append(b, '/'), mask)
	}
	return b
}

// appendHex is C's %#x: zero has no prefix.
func appendHex(b []byte, v uint64) []byte {
	if v != 0 {
		b = append(b, "0x"...)
	}
	return strconv.AppendUint(b, v, 16)
}

// appendPlainHex is C's 0x%x.
func appendPlainHex(b []byte, s string) []byte {
	return strconv.AppendUint(append(b, "0x"...), uintOf(s), 16)
}

// appendHexDigits appends v with at least n digits and no prefix.
func appendHexDigits(b []byte, v uint64, n int) []byte {
	for n--; n > 0 && v>>(4*n) == 0; n-- {
		b = append(b, '0')
	}
	return strconv.AppendUint(b, v, 16)
}

// appendLongHex appends a number of any size, without leading zeros (OVS, ds_put_hex).
func appendLongHex(b []byte, s string) []byte {
	for len(s) > 0 && s[0] == 0 {
		s = s[1:]
	}
	if s == "" {
		return append(b, '0')
	}
	b = append(b, "0x"...)
	b = strconv.AppendUint(b, uint64(s[0]), 16)
	for i := 1; i < len(s); i++ {
		b = appendHexDigits(b, uint64(s[i]), 2)
	}
	return b
}

func appendMAC(b []byte, s string) []byte {
	for i := range len(s) {
		if i > 0 {
			b = append(b, ':')
		}
		b = appendHexDigits(b, uint64(s[i]), 2)
	}
	return b
}

// appendIP appends an address of either family, with the mask as a prefix length where it is one.
func appendIP(b []byte, value, mask string) []byte {
	b = appendAddr(b, value)
	if mask == "" {
		return b
	}
	b = append(b, '/')
	if n, ok := prefixLen(mask); ok {
		return strconv.AppendInt(b, int64(n), 10)
	}
	return appendAddr(b, mask)
}

// appendAddr appends an address as inet_ntop(3) does: the last 32 bits of ::1.2.3.4 in the form of IPv4.
func appendAddr(b []byte, s string) []byte {
	if len(s) == 16 && allBytes(s[:12], 0) && be16(s, 12) != 0 {
		return appendAddr(append(b, "::"...), s[12:])
	}
	if a, ok := netip.AddrFromSlice([]byte(s)); ok {
		return a.AppendTo(b)
	}
	return appendLongHex(b, s)
}

// prefixLen is the number of ones of a mask that has no one behind a zero.
func prefixLen(mask string) (int, bool) {
	n := 0
	for n < 8*len(mask) && mask[n/8]&(0x80>>(n%8)) != 0 {
		n++
	}
	for i := n; i < 8*len(mask); i++ {
		if mask[i/8]&(0x80>>(i%8)) != 0 {
			return 0, false
		}
	}
	return n, true
}

// appendPort appends an OpenFlow 1.1+ port number, or the name of a reserved one.
func appendPort(b []byte, port uint32) []byte {
	if name, ok := portNames[port]; ok {
		return append(b, name...)
	}
	if port >= firstReservedPort {
		port &= 0xffff // as Open vSwitch keeps and shows it
	}
	return strconv.AppendUint(b, uint64(port), 10)
}

// portNames are the reserved ports (OpenFlow 1.5 §7.2.1, and Open vSwitch's UNSET).
var portNames = map[uint32]string{
	0xfffffff7: "UNSET",
	0xfffffff8: "IN_PORT",
	0xfffffff9: "TABLE",
	0xfffffffa: "NORMAL",
	0xfffffffb: "FLOOD",
	0xfffffffc: "ALL",
	0xfffffffd: "CONTROLLER",
	0xfffffffe: "LOCAL",
	0xffffffff: "ANY",
}

// The names of single bits, lowest first.
var (
	ctStateNames = []string{"new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"}
	tcpFlagNames = []string{"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns", "[200]", "[400]", "[800]"}
	tunFlagNames = []string{"oam"}
)

func flagMask(f *Field, mask string) uint32 {
	if mask == "" {
		return ^uint32(0)
	}
	return uint32(uintOf(mask))
}

// appendFlags appends a set of flags: those matched with + or -, or all of them joined by | when every one is matched.
func appendFlags(b []byte, value, mask, known uint32, names []string) []byte {
	if known != 0 && mask&known == known {
		if value&known == 0 {
			return append(b, '0')
		}
		sep := ""
		for i, name := range names {
			if value&(1<<i) != 0 {
				b = append(append(b, sep...), name...)
				sep = "|"
			}
		}
		return b
	}
	for i, name := range names {
		switch {
		case mask&(1<<i) == 0:
		case value&(1<<i) != 0:
			b = append(append(b, '+'), name...)
		default:
			b = append(append(b, '-'), name...)
		}
	}
	return b
}

// fragWord is the word for a match on ip_frag: bit 0 is "any fragment", bit 1 is "not the first one".
func fragWord(value, mask string) string {
	v, m := value[0]&3, byte(3)
	if mask != "" {
		m = mask[0] & 3
	}
	switch {
	case m == 3:
		return [...]string{"no", "first", "<error>", "later"}[v]
	case m == 1 && v&1 != 0:
		return "yes"
	case m == 1:
		return "no"
	case m == 2 && v&2 != 0:
		return "later"
	}
	return "not_later"
}
