package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// errIP is why a row has no flows, with the text that was refused.
var errIP = errors.New("bad IP address")

// parseIP reads an address. To OVN, one with a dot is an IPv4 address or none (lflow.c, consider_neighbor_flow): so
// ::ffff:10.0.0.1 is none, and ::ffff:a00:1 is an IPv6 address.
func parseIP(text string) (netip.Addr, error) {
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.Zone() != "" || ip.Is4() != strings.Contains(text, ".") {
		return netip.Addr{}, fmt.Errorf("%w %q", errIP, text)
	}
	return ip, nil
}
