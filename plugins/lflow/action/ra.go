package action

import (
	"net/netip"

	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// Codes of what a router advertisement may say: numbers of options of neighbor discovery (IANA), and two that are for flags.
const (
	raAddressMode     = 0
	raSourceLinkLayer = 1
	raPrefix          = 3
	raMTU             = 5
	raRouteInfo       = 24
	raDNSServer       = 25
	raDNSSearchList   = 31
	raPreference      = 255
)

// raOptions are all there are (OVN, nd_ra_opts_init).
var raOptions = []Option{
	{"addr_mode", raAddressMode, OptionStr},
	{"slla", raSourceLinkLayer, OptionMAC},
	{"prefix", raPrefix, OptionIPv6},
	{"mtu", raMTU, OptionUint32},
	{"route_info", raRouteInfo, OptionStr},
	{"rdnss", raDNSServer, OptionIPv6},
	{"dnssl", raDNSSearchList, OptionStr},
	{"router_preference", raPreference, OptionStr},
}

// Values of raAddressMode.
const (
	modeSLAAC     = "slaac"
	modeStateful  = "dhcpv6_stateful"
	modeStateless = "dhcpv6_stateless"
)

// putRA is put_nd_ra_opts: it makes a router advertisement.
type putRA struct{ putOptions }

func parsePutRA(p *parser, dst expr.Field) action {
	a := &putRA{p.putOptions("put_nd_ra_opts", dst, raOptions, "IPv6 ND RA")}
	if p.Failed() {
		return nil
	}
	needsPrefix := true
	for i := range a.list {
		s := &a.list[i]
		if len(s.value.Values) > 1 || !validRA(s.option.Code, s.first()) {
			p.Errorf("Invalid value for \"%s\" option", s.option.Name)
			return nil
		}
		if s.option.Code == raPrefix || s.option.Code == raAddressMode && s.first().Text == modeStateful {
			needsPrefix = false
		}
	}
	switch {
	case a.find(raSourceLinkLayer) == nil:
		p.Errorf("slla option not present")
	case needsPrefix:
		p.Errorf("prefix option needs to be set when address mode is slaac/dhcpv6_stateless.")
	}
	p.need("ip6")
	return a
}

func validRA(code uint16, c *expr.Constant) bool {
	switch code {
	case raAddressMode:
		return c.Text == modeSLAAC || c.Text == modeStateful || c.Text == modeStateless
	case raPreference:
		return c.Text == "HIGH" || c.Text == "MEDIUM" || c.Text == "LOW"
	case raSourceLinkLayer:
		return c.Format == lex.Ethernet
	case raPrefix:
		return c.Format == lex.IPv6 && c.Masked
	case raMTU:
		return c.Format == lex.Decimal
	case raDNSServer:
		return c.Format == lex.IPv6
	}
	return true
}

// A router advertisement (RFC 4861 §4.2): type(1) code(1) checksum(2) hop limit(1) flags(1) lifetime(2), two times(4), options.
const (
	raType    = 134
	raFlagsAt = 5

	raManaged = 0x80 // addresses come from DHCPv6
	raOther   = 0x40 // other things do
)

// preference is a router's, or a route's (RFC 4191 §2.1), as bits of flags.
func preference(word string) byte {
	switch word {
	case "HIGH":
		return 0x08
	case "LOW":
		return 0x18
	}
	return 0
}

// encode: user data is header(4) bit(4) and the advertisement, whose checksum the controller fills in.
func (a *putRA) encode(e *encoder) {
	c := e.beginResult(opPutNDRAOpts, a.dst)
	flags := len(e.b) + raFlagsAt
	e.b = append(e.b, raType, 0, 0, 0, 255, 0, 0xff, 0xff)
	e.zero(8)
	for i := range a.list {
		e.raOption(a.list[i].option.Code, a.list[i].first(), flags)
	}
	e.endResult(c)
}

const forever = 0xffffffff // seconds

// raOption appends an option, or sets flags: type(1) length in units of 8 bytes(1), value.
func (e *encoder) raOption(code uint16, c *expr.Constant, flags int) {
	switch code {
	case raAddressMode:
		switch c.Text {
		case modeStateful:
			e.b[flags] |= raManaged
		case modeStateless:
			e.b[flags] |= raOther
		}
	case raPreference:
		e.b[flags] |= preference(c.Text)
	case raSourceLinkLayer:
		e.b = c.Value.AppendBytes(append(e.b, raSourceLinkLayer, 1), 6)
	case raMTU:
		e.b = c.Value.AppendBytes(append(e.b, raMTU, 1, 0, 0), 4)
	case raPrefix: // RFC 4861 §4.6.2
		const onLink, autonomous = 0x80, 0x40
		how := byte(onLink)
		if e.b[flags]&raManaged == 0 {
			how |= autonomous
		}
		e.b = append(e.b, raPrefix, 4, byte(c.Mask.OnesCount()), how)
		e.uint32s(forever, forever, 0)
		e.b = c.Value.AppendBytes(e.b, 16)
	case raDNSServer: // RFC 8106 §5.1
		e.b = append(e.b, raDNSServer, 3, 0, 0)
		e.uint32s(forever)
		e.b = c.Value.AppendBytes(e.b, 16)
	case raDNSSearchList:
		e.raSearchList(c.Text)
	case raRouteInfo:
		e.raRoutes(c.Text)
	}
}

// raSearchList appends names (RFC 8106 §5.2), nothing when they are too long for OVN's controller.
func (e *encoder) raSearchList(list string) {
	const longest = 255
	start := len(e.b)
	e.b = append(e.b, raDNSSearchList, 0, 0, 0)
	e.uint32s(forever)
	size := len(e.b) - start
	for _, name := range tokens(list, ",") {
		if size += len(name) + 2; size > longest {
			e.b = e.b[:start]
			return
		}
		e.b = appendDomain(e.b, name)
	}
	size = (size + 7) / 8 * 8 // also when dots without labels between them made it shorter
	for len(e.b) < start+size {
		e.b = append(e.b, 0)
	}
	e.b[start+1] = byte(size / 8)
}

// raRoutes appends routes (RFC 4191 §2.3), of "HIGH-fd00::/64,LOW-fd01::/48". They end before one that is none.
func (e *encoder) raRoutes(list string) {
	for _, route := range tokens(list, ",") {
		parts := tokens(route, "-")
		for _, text := range parts[1:] {
			prefix, ok := parsePrefix(text)
			if !ok {
				return
			}
			units := (prefix.Bits() + 63) / 64
			e.b = append(e.b, raRouteInfo, byte(1+units), byte(prefix.Bits()), preference(parts[0]))
			e.uint32s(forever)
			address := prefix.Masked().Addr().As16()
			e.b = append(e.b, address[:8*units]...)
		}
	}
}

// parsePrefix is an IPv6 prefix, or an address as one.
func parsePrefix(text string) (netip.Prefix, bool) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		var a netip.Addr
		a, err = netip.ParseAddr(text)
		prefix = netip.PrefixFrom(a.WithZone(""), a.BitLen())
	}
	return prefix, err == nil && !prefix.Addr().Is4()
}
