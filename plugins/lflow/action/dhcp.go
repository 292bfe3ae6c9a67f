package action

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/flowhost/flowhost/plugins/lflow/expr"
)

// Codes of options that the controller treats in a special way, and has in front. Some stand for no option of DHCP.
const (
	dhcpOfferIP      = 0
	dhcpBootfile     = 67
	dhcpNextServer   = 253
	dhcpBootfileAlt  = 254
	dhcpMaxOption    = 255 // bytes, as the length of an option says
	maxDomainName    = 255
	domainPointer    = 0xc000 // RFC 1035 §4.1.4
	maxDomainPointer = 0x3fff
)

// putDHCP is put_dhcp_opts.
type putDHCP struct{ putOptions }

func parsePutDHCP(p *parser, dst expr.Field) action {
	a := &putDHCP{p.putOptions("put_dhcp_opts", dst, p.env.tables.DHCPv4, "DHCPv4")}
	if !p.Failed() && a.find(dhcpOfferIP) == nil {
		p.Errorf("put_dhcp_opts requires offerip to be specified.")
	}
	return a
}

// encode: user data is header(4) bit(4) offered address(4), then options (OVN, encode_PUT_DHCPV4_OPTS).
func (a *putDHCP) encode(e *encoder) {
	c := e.beginResult(opPutDHCPOpts, a.dst)
	offered := a.find(dhcpOfferIP)
	e.b = offered.first().Value.AppendBytes(e.b, 4)
	inFront := [3]*setting{a.find(dhcpBootfile), a.find(dhcpBootfileAlt), a.find(dhcpNextServer)}
	for _, s := range inFront {
		if s != nil {
			e.dhcpOption(s)
		}
	}
	for i := range a.list {
		if s := &a.list[i]; s != offered && s != inFront[0] && s != inFront[1] && s != inFront[2] {
			e.dhcpOption(s)
		}
	}
	e.endResult(c)
}

// dhcpOption appends code(1) length(1) and the value (RFC 2132 §2).
func (e *encoder) dhcpOption(s *setting) {
	start := len(e.b) + 2
	e.b = append(e.b, byte(s.option.Code), 0)
	first := s.first()
	switch s.option.Type {
	case OptionBool, OptionUint8:
		e.b = first.Value.AppendBytes(e.b, 1)
	case OptionUint16:
		e.b = first.Value.AppendBytes(e.b, 2)
	case OptionUint32:
		e.b = first.Value.AppendBytes(e.b, 4)
	case OptionIPv4:
		for _, c := range s.value.Values {
			e.b = c.Value.AppendBytes(e.b, 4)
		}
	case OptionStaticRoutes:
		e.b = appendRoutes(e.b, s.value.Values)
	case OptionStr:
		e.b = append(e.b, first.Text...)
	case OptionHostID:
		if s.value.Type == expr.String {
			e.b = append(e.b, first.Text...)
		} else {
			e.b = first.Value.AppendBytes(e.b, 4)
		}
	case OptionDomains:
		e.b = appendDomains(e.b, first.Text, e.dialect.Actions.ShortSuffixes)
	}
	n := len(e.b) - start
	if n > dhcpMaxOption {
		e.fail(fmt.Errorf("%w: DHCP option %s has %d bytes", ErrTooLong, s.option.Name, n))
	}
	e.b[start-1] = byte(n)
}

// appendRoutes appends pairs of a prefix and a next hop: length of the prefix, as many bytes of it as that takes, and the next
// hop (RFC 3442). A prefix without its next hop is left out.
func appendRoutes(b []byte, list []expr.Constant) []byte {
	for ; len(list) >= 2; list = list[2:] {
		length := 32
		if list[0].Masked {
			length = bits.OnesCount32(uint32(list[0].Mask.Lo))
		}
		address := list[0].Value.AppendBytes(nil, 4)
		b = append(append(b, byte(length)), address[:(length+7)/8]...)
		b = list[1].Value.AppendBytes(b, 4)
	}
	return b
}

// appendDomains appends the names of a list, "a.b,c.b", compressed: an end that was there already is a pointer to it (RFC 1035
// §4.1.4, RFC 3397 §2). It is nothing when one of them is too long. Ends are short by their last character if shortSuffixes is set.
func appendDomains(b []byte, list string, shortSuffixes bool) []byte {
	start := len(b)
	known := make(map[string]int) // ends of names, and where they are
	for _, name := range tokens(list, ",") {
		if len(name) > maxDomainName {
			return b[:start]
		}
		for name != "" {
			end := name
			if shortSuffixes {
				end = end[:len(end)-1]
			}
			at, ok := known[end]
			if ok {
				b = append(b, byte(domainPointer>>8|at>>8), byte(at))
				break
			}
			if at := len(b) - start; at <= maxDomainPointer {
				known[end] = at
			}
			var label string
			label, name = cutLabel(name)
			b = append(append(b, byte(len(label))), label...)
		}
		if name == "" {
			b = append(b, 0)
		}
	}
	return b
}

// cutLabel takes the first label of a name. Dots without a label between them do not count.
func cutLabel(name string) (label, rest string) {
	label, rest, _ = strings.Cut(strings.TrimLeft(name, "."), ".")
	if strings.Trim(rest, ".") == "" {
		rest = ""
	}
	return label, rest
}

// tokens are what stands between separators, without what is empty.
func tokens(s, separator string) []string {
	var list []string
	for t := range strings.SplitSeq(s, separator) {
		if t != "" {
			list = append(list, t)
		}
	}
	return list
}

// appendDomain appends one name: its labels, and a 0 (RFC 1035 §3.1).
func appendDomain(b []byte, name string) []byte {
	for _, label := range tokens(name, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0)
}

// putDHCPv6 is put_dhcpv6_opts.
type putDHCPv6 struct{ putOptions }

func parsePutDHCPv6(p *parser, dst expr.Field) action {
	return &putDHCPv6{p.putOptions("put_dhcpv6_opts", dst, p.env.tables.DHCPv6, "DHCPv6")}
}

// encode: user data is header(4) bit(4), then options of code(2) length(2) and the value (RFC 8415 §21.1).
func (a *putDHCPv6) encode(e *encoder) {
	c := e.beginResult(opPutDHCPv6Opts, a.dst)
	for i := range a.list {
		s := &a.list[i]
		start := len(e.b) + 4
		e.uint16s(s.option.Code, 0)
		switch s.option.Type {
		case OptionIPv6:
			for _, address := range s.value.Values {
				e.b = address.Value.AppendBytes(e.b, 16)
			}
		case OptionMAC:
			e.b = s.first().Value.AppendBytes(e.b, 6)
		case OptionStr:
			e.b = append(e.b, s.first().Text...)
		case OptionDomain:
			e.b = appendDomain(e.b, s.first().Text)
		}
		n := len(e.b) - start
		e.b[start-2], e.b[start-1] = byte(n>>8), byte(n) // more than fits makes the whole too long
	}
	e.endResult(c)
}
