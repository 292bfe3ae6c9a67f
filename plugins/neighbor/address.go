package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// mac is an Ethernet address.
type mac [6]byte

// Why a row has no flows. Both are told with the text that was refused.
var (
	errMAC = errors.New("bad Ethernet address")
	errIP  = errors.New("bad IP address")
)

// parseMAC reads six hexadecimal numbers from 0 to ff with colons between, of any number of digits, as eth_addr_from_string of
// Open vSwitch does. (That takes signs, a 0x, white space and numbers above ff as well, being made of scanf.) Any
// address is fine: OVN makes flows of those that are zero, multicast or broadcast, too.
func parseMAC(text string) (m mac, err error) {
	parts := strings.Split(text, ":")
	if len(parts) != len(m) {
		return mac{}, fmt.Errorf("%w %q", errMAC, text)
	}
	for i, part := range parts {
		b, err := strconv.ParseUint(part, 16, 8)
		if err != nil {
			return mac{}, fmt.Errorf("%w %q", errMAC, text)
		}
		m[i] = byte(b)
	}
	return m, nil
}

// parseIP reads an address. To OVN, one with a dot is an IPv4 address or none (lflow.c, consider_neighbor_flow): so
// ::ffff:10.0.0.1 is none, and ::ffff:a00:1 is an IPv6 address.
func parseIP(text string) (netip.Addr, error) {
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.Zone() != "" || ip.Is4() != strings.Contains(text, ".") {
		return netip.Addr{}, fmt.Errorf("%w %q", errIP, text)
	}
	return ip, nil
}
