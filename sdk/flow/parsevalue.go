package flow

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

var (
	errNumber  = errors.New("not a number that fits")
	errAddress = errors.New("not an address of the field's kind")
	errPortID  = errors.New("not a port number or the name of a reserved port")
	errFlag    = errors.New("no such flag")
)

// parseUint reads a number of at most bits bits, decimal or with 0x.
func parseUint(s string, bits int) (uint64, error) {
	v, err := strconv.ParseUint(s, 0, bits)
	if err != nil || strings.ContainsRune(s, '_') {
		return 0, fmt.Errorf("%q: %w", s, errNumber)
	}
	return v, nil
}

// parseValue reads a value in the form of the field, and a mask behind a slash. The mask is "" when there is none.
func (f *Field) parseValue(s string) (value, mask string, err error) {
	switch f.form {
	case formCTState:
		return f.parseFlags(s, ctStateNames, 0xff)
	case formTCPFlags:
		return f.parseFlags(s, tcpFlagNames, 0xfff)
	case formTunFlags:
		return f.parseFlags(s, tunFlagNames, 1)
	case formFrag:
		return parseFrag(s)
	case formPacketType:
		value, err = parsePacketType(s)
		return value, "", err
	case formPort16, formPort32:
		if strings.Contains(s, "/") {
			break
		}
		port, err := parsePort(s)
		if f.size == 2 {
			port &= 0xffff
		}
		return f.bytes(uint64(port)), "", err
	}
	v, m, masked := strings.Cut(s, "/")
	if value, err = f.parseOne(v); err != nil || !masked {
		return value, "", err
	}
	if mask, err = f.parseMask(m); err != nil {
		return "", "", err
	}
	return value, mask, nil
}

// parseOne reads a value without a mask.
func (f *Field) parseOne(s string) (string, error) {
	switch f.form {
	case formMAC:
		return parseMAC(s)
	case formIPv4, formIPv6:
		a, err := netip.ParseAddr(s)
		if err != nil || a.BitLen() != f.bits || a.Zone() != "" {
			return "", fmt.Errorf("%q: %w", s, errAddress)
		}
		return string(a.AsSlice()), nil
	}
	return parseInteger(s, f.size)
}

// parseMask reads a mask: of addresses, a prefix length too.
func (f *Field) parseMask(s string) (string, error) {
	if (f.form == formIPv4 || f.form == formIPv6) && !strings.ContainsAny(s, ".:") {
		n, err := parseUint(s, 8)
		if err != nil || int(n) > f.bits {
			return "", fmt.Errorf("%q: %w", s, errNumber)
		}
		return string(ones(int(n), f.size)), nil
	}
	return f.parseOne(s)
}

// parseInteger reads a number of size bytes, as large as they may be.
func parseInteger(s string, size int) (string, error) {
	if size <= 8 {
		v, err := parseUint(s, 8*size)
		return string(appendUint(nil, v, size)), err
	}
	digits, isHex := strings.CutPrefix(strings.ToLower(s), "0x")
	if !isHex {
		v, err := parseUint(s, 64)
		return string(appendUint(nil, v, size)), err
	}
	b := make([]byte, size)
	for i := range len(digits) {
		v, err := strconv.ParseUint(digits[len(digits)-1-i:len(digits)-i], 16, 8)
		if err != nil || i/2 >= size && v != 0 {
			return "", fmt.Errorf("%q: %w", s, errNumber)
		}
		if i/2 < size {
			b[size-1-i/2] |= byte(v) << (4 * (i % 2))
		}
	}
	if digits == "" {
		return "", fmt.Errorf("%q: %w", s, errNumber)
	}
	return string(b), nil
}

func parseMAC(s string) (string, error) {
	var b [6]byte
	parts := strings.Split(s, ":")
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 16, 8)
		if err != nil || len(parts) != len(b) {
			return "", fmt.Errorf("%q: %w", s, errAddress)
		}
		b[i] = byte(v)
	}
	return string(b[:]), nil
}

// parsePort reads a port number in the form of OpenFlow 1.0 or 1.1+, or the name of a reserved port.
func parsePort(s string) (uint32, error) {
	if v, err := parseUint(s, 32); err == nil {
		switch {
		case v < firstReservedPort16 || v >= firstReservedPort:
			return uint32(v), nil
		case v <= 0xffff:
			return port32(uint16(v)), nil
		}
		return 0, fmt.Errorf("%q: %w", s, errPortID)
	}
	if strings.EqualFold(s, "NONE") {
		return uint32(PortAny), nil
	}
	for port, name := range portNames {
		if strings.EqualFold(s, name) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("%q: %w", s, errPortID)
}

// parseFlags reads "+a-b", "a|b", "0", or a number and mask.
func (f *Field) parseFlags(s string, names []string, known uint64) (value, mask string, err error) {
	if s[0] == '+' || s[0] == '-' {
		return f.parseSigned(s, names)
	}
	v, m, masked := strings.Cut(s, "/")
	bits, err := parseFlagSet(v, names)
	if err != nil || bits&^known != 0 {
		return "", "", fmt.Errorf("%q: %w", s, errFlag)
	}
	if !masked {
		return f.bytes(bits), f.bytes(known), nil
	}
	ones, err := parseFlagSet(m, names)
	if err != nil {
		return "", "", fmt.Errorf("%q: %w", s, errFlag)
	}
	return f.bytes(bits), f.bytes(ones & known), nil
}

// parseFlagSet reads "a|b" or a number.
func parseFlagSet(s string, names []string) (uint64, error) {
	if v, err := parseUint(s, 32); err == nil {
		return v, nil
	}
	var bits uint64
	for name := range strings.SplitSeq(s, "|") {
		i := flagIndex(name, names)
		if i < 0 {
			return 0, errFlag
		}
		bits |= 1 << i
	}
	return bits, nil
}

func flagIndex(name string, names []string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}

func (f *Field) parseSigned(s string, names []string) (value, mask string, err error) {
	var bits, ones uint64
	for rest := s; rest != ""; {
		n := 1 + strings.IndexAny(rest[1:]+"+", "+-")
		i := flagIndex(rest[1:n], names)
		if i < 0 || rest[0] != '+' && rest[0] != '-' || ones&(1<<i) != 0 {
			return "", "", fmt.Errorf("%q: %w", s, errFlag)
		}
		ones |= 1 << i
		if rest[0] == '+' {
			bits |= 1 << i
		}
		rest = rest[n:]
	}
	return f.bytes(bits), f.bytes(ones), nil
}

// fragWords are the matches on ip_frag that have a word: value and mask.
var fragWords = map[string][2]byte{
	"no": {0, 3}, "yes": {1, 1}, "first": {1, 3}, "later": {3, 3}, "not_later": {0, 2},
}

func parseFrag(s string) (value, mask string, err error) {
	w, ok := fragWords[s]
	if !ok {
		return "", "", fmt.Errorf("%q: %w", s, errFlag)
	}
	return string(w[:1]), string(w[1:]), nil
}

// parsePacketType reads "(name space,type)".
func parsePacketType(s string) (string, error) {
	ns, pt, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(s, "("), ")"), ",")
	if !ok {
		return "", fmt.Errorf("%q: %w", s, errNumber)
	}
	a, err1 := parseUint(ns, 16)
	b, err2 := parseUint(pt, 16)
	return string(appendUint(nil, a<<16|b, 4)), errors.Join(err1, err2)
}
