package flow

import (
	"errors"
	"fmt"
	"strings"
)

var (
	errNoActions  = errors.New("actions= is missing")
	errNotDesired = errors.New("a flow that ends by itself or has flags cannot be desired")
	errTable      = errors.New("table must be 0 to 253")
	errNoValue    = errors.New("value is missing")
	errField      = errors.New("no such field")
)

// ParseFlow reads one flow as ovs-ofctl add-flow takes it and dump-flows prints it, such as
//
//	table=10, priority=100, tcp, nw_dst=10.0.0.0/8, tp_dst=80, actions=set_field:1->reg0,resubmit(,11)
//
// What is left out is 0 for the table and the cookie, and 32768 for the priority. The statistics of dump-flows are passed
// over. Port names are those of reserved ports only: the numbers behind others are known to the switch alone.
//
// The error is an *Error that Is ErrSyntax and gives the offset in text; where the text is well formed but no such flow
// can be, it is ErrMatch or ErrActions as well.
func ParseFlow(text string) (Flow, error) {
	f := Flow{Key: Key{Priority: defaultPriority}}
	head, actions, at := cutActions(text)
	if at < 0 {
		return Flow{}, syntaxError("", len(text), errNoActions)
	}
	m, err := f.parseHead(head)
	if err != nil {
		return Flow{}, err
	}
	if f.Match, err = m.match(); err != nil {
		return Flow{}, syntaxError("", 0, err)
	}
	var seen context
	for _, t := range m.terms {
		seen.note(t.field, t.value, t.mask)
	}
	if f.Actions, err = parseActions(actions, at, seen); err != nil {
		return Flow{}, err
	}
	return f, nil
}

// cutActions splits a flow where its actions begin; at is the offset of actions, -1 when there are none.
func cutActions(text string) (head, actions string, at int) {
	for from := 0; ; {
		i := strings.Index(text[from:], "action")
		if i < 0 {
			return text, "", -1
		}
		i += from
		rest := strings.TrimPrefix(text[i+len("action"):], "s")
		if rest != "" && (rest[0] == '=' || rest[0] == ':') && (i == 0 || strings.IndexByte(separators, text[i-1]) >= 0) {
			return text[:i], rest[1:], len(text) - len(rest) + 1
		}
		from = i + len("action")
	}
}

// parseHead reads everything before the actions.
func (f *Flow) parseHead(text string) (*matchBuilder, error) {
	m := new(matchBuilder)
	p := matchParser{builder: m}
	for l := (lexer{text: text}); ; {
		arg, ok, err := l.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return m, p.finish()
		}
		known, err := f.parseAttribute(arg)
		if !known {
			err = p.parse(arg)
		}
		if err != nil {
			return nil, syntaxError(arg.key, arg.offset, err)
		}
	}
}

// parseAttribute takes what is of the flow and not of its match.
func (f *Flow) parseAttribute(arg argument) (known bool, err error) {
	var v uint64
	switch arg.key {
	case "table":
		v, err = parseUint(arg.value, 8)
		if f.Table = TableID(v); err == nil && f.Table > MaxTable {
			err = errTable
		}
	case "priority":
		v, err = parseUint(arg.value, 16)
		f.Priority = Priority(v)
	case "cookie":
		v, err = parseUint(arg.value, 64)
		f.Cookie = Cookie(v)
	case "duration", "n_packets", "n_bytes", "idle_age", "hard_age":
	case "idle_timeout", "hard_timeout", "importance":
		if v, err = parseUint(arg.value, 16); err == nil && v != 0 {
			err = errNotDesired
		}
	case "send_flow_rem", "check_overlap", "reset_counts", "no_packet_counts", "no_byte_counts":
		err = errNotDesired
	default:
		return false, nil
	}
	return true, err
}

// matchParser reads the arguments of a match.
type matchParser struct {
	builder *matchBuilder
	ports   []argument // tp_src, tp_dst, icmp_type, icmp_code: what they are depends on the protocol
}

// words are the short forms of ovs-fields(7).
var words = map[string][2]uint16{
	"ip": {ethIPv4}, "ipv6": {ethIPv6}, "arp": {ethARP}, "rarp": {ethRARP}, "mpls": {ethMPLS}, "mplsm": {ethMPLSM},
	"icmp": {ethIPv4, protoICMP}, "icmp6": {ethIPv6, protoICMPv6},
	"tcp": {ethIPv4, protoTCP}, "tcp6": {ethIPv6, protoTCP}, "udp": {ethIPv4, protoUDP}, "udp6": {ethIPv6, protoUDP},
	"sctp": {ethIPv4, protoSCTP}, "sctp6": {ethIPv6, protoSCTP},
}

func (p *matchParser) parse(arg argument) error {
	if w, ok := words[arg.key]; ok && arg.sep == 0 {
		return p.word(w, arg.offset)
	}
	switch arg.key {
	case "eth":
		return nil
	case "tp_src", "tp_dst", "icmp_type", "icmp_code":
		p.ports = append(p.ports, arg)
		return nil
	case "dl_vlan", "dl_vlan_pcp":
		return p.tag(arg)
	case "in_port":
		return p.field(InPortOXM, arg)
	case "nw_proto", "nw_src", "nw_dst":
		return p.network(arg)
	}
	f, ok := FieldByName(arg.key)
	if !ok {
		return errField
	}
	return p.field(f, arg)
}

func (p *matchParser) word(w [2]uint16, offset int) error {
	err := p.builder.add(EthType.Is(uint64(w[0])), offset)
	if err == nil && w[1] != 0 {
		err = p.builder.add(IPProto.Is(uint64(w[1])), offset)
	}
	return err
}

func (p *matchParser) field(f *Field, arg argument) error {
	t, err := parseTerm(f, arg)
	if err != nil {
		return err
	}
	return p.builder.add(t, arg.offset)
}

// parseTerm reads "field=value", "field=value/mask", "field=*" and "field=(value)".
func parseTerm(f *Field, arg argument) (Term, error) {
	value := arg.value
	if value == "" && f.flags&variable != 0 && arg.sep == 0 {
		return Term{field: f, value: "\x00", mask: "\x00"}, nil // the option is there
	}
	if value == "" {
		return Term{}, errNoValue
	}
	if value == "*" || value == "ANY" && f.Maskable() {
		return f.IsMasked(0, 0), nil
	}
	v, m, err := f.parseValue(value)
	return Term{field: f, value: v, mask: m}, err
}

// tag reads the OpenFlow 1.0 forms of a VLAN match.
func (p *matchParser) tag(arg argument) error {
	if arg.key == "dl_vlan_pcp" {
		return p.field(VLANPCP, arg)
	}
	v, err := parseUint(arg.value, 16)
	switch {
	case err != nil:
		return err
	case v == 0xffff: // OFP10_VLAN_NONE
		return p.builder.add(VLANVID.Is(0), arg.offset)
	case v > 0xfff:
		return errRange
	}
	return p.builder.add(VLANVID.Is(v|vlanPresent), arg.offset)
}

// network reads what Open vSwitch uses for ARP as well: "arp,nw_proto=1" is arp_op=1.
func (p *matchParser) network(arg argument) error {
	f, _ := FieldByName(arg.key)
	if p.etherType() == ethARP || p.etherType() == ethRARP {
		f = map[string]*Field{"nw_proto": ARPOp, "nw_src": ARPSPA, "nw_dst": ARPTPA}[arg.key]
	}
	return p.field(f, arg)
}

func (p *matchParser) etherType() uint32 { return p.context().etherType.value }

func (p *matchParser) context() context {
	var c context
	for _, t := range p.builder.terms {
		c.note(t.field, t.value, t.mask)
	}
	return c
}

// finish takes in what had to wait for the protocol.
func (p *matchParser) finish() error {
	c := p.context()
	for _, arg := range p.ports {
		f := portField(arg.key, &c)
		if f == nil {
			return syntaxError(arg.key, arg.offset, fmt.Errorf("%w: the protocol", errNeed))
		}
		if err := p.field(f, arg); err != nil {
			return syntaxError(arg.key, arg.offset, err)
		}
	}
	return nil
}

// portField is the field that a name means for the protocol matched.
func portField(key string, c *context) *Field {
	first := strings.HasSuffix(key, "src") || strings.HasSuffix(key, "type")
	either := func(a, b *Field) *Field {
		if first {
			return a
		}
		return b
	}
	switch {
	case strings.HasPrefix(key, "icmp"):
		if c.etherType.is(ethIPv6) {
			return either(ICMPv6Type, ICMPv6Code)
		}
		return either(ICMPType, ICMPCode)
	case c.proto.is(protoTCP):
		return either(TCPSrc, TCPDst)
	case c.proto.is(protoUDP):
		return either(UDPSrc, UDPDst)
	case c.proto.is(protoSCTP):
		return either(SCTPSrc, SCTPDst)
	case c.proto.is(protoICMP) && c.etherType.is(ethIPv4):
		return either(ICMPType, ICMPCode)
	case c.proto.is(protoICMPv6) && c.etherType.is(ethIPv6):
		return either(ICMPv6Type, ICMPv6Code)
	}
	return nil
}
