// Package ether reads the Ethernet addresses that columns of OVN's databases have as text.
package ether

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// ErrMAC is returned with the text that should be or begin with an Ethernet address.
var ErrMAC = errors.New("bad Ethernet address")

// MAC is an Ethernet address.
type MAC [6]byte

// String is the usual form: 0a:00:00:00:00:01.
func (m MAC) String() string { return net.HardwareAddr(m[:]).String() }

// Parse reads an address and nothing else: six hexadecimal numbers from 0 to ff with colons between, of any number of digits, as
// eth_addr_from_string of Open vSwitch does. (That takes signs, a 0x, white space and numbers above ff as well, being made of scanf.)
// Any address is fine: zero, multicast and broadcast, too.
func Parse(text string) (MAC, error) {
	m, rest, ok := cut(text)
	if !ok || rest != "" {
		return MAC{}, fmt.Errorf("%w %q", ErrMAC, text)
	}
	return m, nil
}

// Cut reads the address that a text begins with, as "MAC IP…" in Port_Binding.mac, and returns what is behind it. White space may be in
// front.
func Cut(text string) (m MAC, rest string, err error) {
	m, rest, ok := cut(strings.TrimSpace(text))
	if !ok {
		return MAC{}, "", fmt.Errorf("%w in %q", ErrMAC, text)
	}
	return m, rest, nil
}

func cut(text string) (m MAC, rest string, ok bool) {
	for i := range m {
		if i > 0 {
			if text, ok = strings.CutPrefix(text, ":"); !ok {
				return MAC{}, "", false
			}
		}
		digits := len(text) - len(strings.TrimLeft(text, "0123456789abcdefABCDEF"))
		b, err := strconv.ParseUint(text[:digits], 16, 8)
		if err != nil {
			return MAC{}, "", false
		}
		m[i], text = byte(b), text[digits:]
	}
	return m, text, true
}

// LinkLocal is the IPv6 address that an interface with this Ethernet address gives itself (RFC 4291, appendix A).
func (m MAC) LinkLocal() netip.Addr {
	return netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80, 8: m[0] ^ 2, 9: m[1], 10: m[2], 11: 0xff, 12: 0xfe, 13: m[3], 14: m[4], 15: m[5]})
}
