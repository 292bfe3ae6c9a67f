package hairpin

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// vip is a virtual address and its backends. All have a port, or none has, which is 0 then.
type vip struct {
	netip.AddrPort
	backends []netip.AddrPort
}

// newVIP reads an element of Load_Balancer.vips.
func newVIP(key, value string, template func(string) (string, bool)) (*vip, error) {
	if template != nil {
		key, value = lex.ExpandTemplates(key, template), lex.ExpandTemplates(value, template)
	}
	at, ok := parseEndpoint(key)
	if !ok {
		return nil, fmt.Errorf("%q is no address, with or without a port", key)
	}
	if at.Addr().IsUnspecified() {
		return nil, fmt.Errorf("%s can be no source", at.Addr())
	}
	v := &vip{AddrPort: at}
	for _, text := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' }) {
		backend, ok := parseEndpoint(text)
		switch {
		case !ok:
			return nil, fmt.Errorf("backend %q is no address, with or without a port", text)
		case backend.Addr().Is4() != at.Addr().Is4():
			return nil, fmt.Errorf("backend %q is of another family", text)
		case backend.Port() == 0 != (at.Port() == 0):
			return nil, fmt.Errorf("backend %q: either both have a port or none has", text)
		}
		v.backends = append(v.backends, backend)
	}
	return v, nil
}

// parseEndpoint reads an address and perhaps a port, as inet_parse_active of Open vSwitch does: 10.0.0.1:80, [fd00::1]:80, fd00::1.
func parseEndpoint(text string) (at netip.AddrPort, ok bool) {
	host, port := text, ""
	if inside, bracket := strings.CutPrefix(text, "["); bracket {
		if host, port, ok = strings.Cut(inside, "]"); !ok {
			return at, false
		}
		if port != "" && port[0] != ':' {
			return at, false
		}
		port = strings.TrimPrefix(port, ":")
	} else if strings.Count(text, ":") == 1 {
		host, port, _ = strings.Cut(text, ":")
	}
	a, err := netip.ParseAddr(host)
	if err != nil || a.Zone() != "" {
		return at, false
	}
	var n uint64
	if port != "" {
		if n, err = strconv.ParseUint(port, 10, 16); err != nil {
			return at, false
		}
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), true
}
