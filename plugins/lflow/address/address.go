package address

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/flowhost/flowhost/internal/ovn/ether"
)

// ErrIP is returned for what should be an IP address, with or without a prefix length or a mask, and is none. It and what follows is
// left out.
var ErrIP = errors.New("bad IP address")

// ParseWithMAC reads an Ethernet address and the IP addresses behind it. It returns what it has read when there is an error, as
// extract_lsp_addresses of OVN does.
func ParseWithMAC(text string) (mac ether.MAC, ips []netip.Prefix, err error) {
	mac, rest, err := ether.Cut(text)
	if err != nil {
		return mac, nil, err
	}
	ips, err = Parse(rest)
	return mac, ips, err
}

// Parse reads IP addresses with white space between. Each may have a prefix length or a mask behind a slash; the bits behind the
// prefix are kept. It returns what it has read when there is an error, as extract_ip_addresses of OVN does: also the 10.0.0.1 of
// "10.0.0.1,10.0.0.2". (That is made of scanf, and takes 10.0.0.300 for 10.0.0.44.)
func Parse(text string) (ips []netip.Prefix, err error) {
	for _, field := range strings.Fields(text) {
		ip, rest := parsePrefix(field)
		if ip.IsValid() {
			ips = append(ips, ip)
		}
		if rest != "" {
			return ips, fmt.Errorf("%w %q", ErrIP, field)
		}
	}
	return ips, nil
}

// parsePrefix reads what a text begins with, if it is an address, and returns what is behind it: of a bad one all.
func parsePrefix(text string) (p netip.Prefix, rest string) {
	const digits = "0123456789abcdefABCDEF:."
	rest = strings.TrimLeft(text, digits)
	ip, err := netip.ParseAddr(text[:len(text)-len(rest)])
	if err != nil {
		return p, text
	}
	bits := ip.BitLen()
	if behind, slash := strings.CutPrefix(rest, "/"); slash {
		if end := strings.TrimLeft(behind, digits); end != behind {
			bits, rest = parseLength(behind[:len(behind)-len(end)], bits), end
		}
	}
	if p = netip.PrefixFrom(ip, bits); !p.IsValid() {
		return p, text
	}
	return p, rest
}

// parseLength reads the length of a prefix, as a number or as a mask of so many bits; -1: it is neither.
func parseLength(text string, bits int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	mask, err := netip.ParseAddr(text)
	if err != nil || mask.BitLen() != bits {
		return -1
	}
	ones, _ := netip.AddrFromSlice(bytes.Repeat([]byte{0xff}, bits/8))
	for n := range bits + 1 {
		if netip.PrefixFrom(ones, n).Masked().Addr() == mask {
			return n
		}
	}
	return -1
}

// IsNetwork says whether a prefix stands for all of its addresses: it is shorter than an address, and has no bits behind.
func IsNetwork(p netip.Prefix) bool { return !p.IsSingleIP() && p == p.Masked() }
