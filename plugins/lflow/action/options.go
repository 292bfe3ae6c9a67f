package action

import (
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// Option is one thing that a DHCP server or a router may tell (ovn-sb(5), DHCP_Options and DHCPv6_Options).
type Option struct {
	Name string
	Code uint16
	Type OptionType
}

// OptionType is what the value of an option is, as the database has it.
type OptionType string

const (
	OptionBool         OptionType = "bool"
	OptionUint8        OptionType = "uint8"
	OptionUint16       OptionType = "uint16"
	OptionUint32       OptionType = "uint32"
	OptionIPv4         OptionType = "ipv4"
	OptionIPv6         OptionType = "ipv6"
	OptionMAC          OptionType = "mac"
	OptionStr          OptionType = "str"
	OptionHostID       OptionType = "host_id" // a string or an IPv4 address
	OptionStaticRoutes OptionType = "static_routes"
	OptionDomains      OptionType = "domains"
	OptionDomain       OptionType = "domain"
)

func (t OptionType) isString() bool { return t == OptionStr || t == OptionDomains || t == OptionDomain }

// OptionTables are the options that the database knows.
type OptionTables struct{ DHCPv4, DHCPv6 []Option }

// setting is an option and its value.
type setting struct {
	option *Option
	value  expr.ConstantSet
}

// first is the first value, which there always is.
func (s *setting) first() *expr.Constant { return &s.value.Values[0] }

// settings reads "name = value, …" up to the closing parenthesis. kind is what errors call the options.
func (p *parser) settings(options []Option, kind string) (list []setting) {
	for !p.Match(lex.RParen) {
		s, ok := p.setting(options, kind)
		if !ok {
			return nil
		}
		list = append(list, s)
		p.Match(lex.Comma)
	}
	return list
}

func (p *parser) setting(options []Option, kind string) (s setting, ok bool) {
	if p.Token.Kind != lex.ID {
		p.unexpected()
		return s, false
	}
	for i := range options {
		if options[i].Name == p.Token.Text {
			s.option = &options[i]
		}
	}
	if s.option == nil {
		p.SyntaxErrorf("expecting %s option name", kind)
		return s, false
	}
	p.Next()
	if !p.ForceMatch(lex.Equals) {
		return s, false
	}
	if s.value, ok = expr.ParseConstantSet(p.Lexer); !ok {
		return s, false
	}
	switch isString := s.value.Type == expr.String; {
	case s.option.Type == OptionHostID:
	case s.option.Type.isString() && !isString:
		p.Errorf("%s option %s requires string value.", kind, s.option.Name)
	case !s.option.Type.isString() && isString:
		p.Errorf("%s option %s requires numeric value.", kind, s.option.Name)
	}
	return s, !p.Failed()
}

func appendSettings(b []byte, list []setting) []byte {
	for i := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(b, list[i].option.Name...), " = "...)
		b = list[i].value.Append(b)
	}
	return b
}

// putOptions has a controller make an answer with options, and set a bit to whether it could.
type putOptions struct {
	name string
	dst  expr.Field
	list []setting
}

func optionValues() []valueRow {
	return []valueRow{
		{"put_dhcp_opts", value{read: parsePutDHCP}, always},
		{"put_dhcpv6_opts", value{read: parsePutDHCPv6}, always},
		{"put_nd_ra_opts", value{read: parsePutRA}, always},
		{"dns_lookup", value{read: parseDNSLookup}, always},
		{"dhcp_relay_req_chk", value{read: relayed("dhcp_relay_req_chk", opDHCPRelayReqChk), bare: true}, in2603},
		{"dhcp_relay_resp_chk", value{read: relayed("dhcp_relay_resp_chk", opDHCPRelayRespChk), bare: true}, in2603},
	}
}

func (p *parser) putOptions(name string, dst expr.Field, options []Option, kind string) putOptions {
	p.Next() // name
	p.Next() // (
	if !p.checkWritable(dst, 1) {
		return putOptions{}
	}
	return putOptions{name, dst, p.settings(options, kind)}
}

func (a *putOptions) append(b []byte) []byte {
	b = append(append(append(a.dst.Append(b), " = "...), a.name...), '(')
	return append(appendSettings(b, a.list), ");"...)
}

// find is the first setting of an option, nil if there is none.
func (a *putOptions) find(code uint16) *setting {
	for i := range a.list {
		if a.list[i].option.Code == code {
			return &a.list[i]
		}
	}
	return nil
}

// dnsLookup has a controller answer a question to a name server.
type dnsLookup struct{ dst expr.Field }

func parseDNSLookup(p *parser, dst expr.Field) action {
	p.noArguments("dns_lookup")
	if p.checkWritable(dst, 1) {
		p.need("udp")
	}
	return &dnsLookup{dst}
}

func (a *dnsLookup) append(b []byte) []byte { return append(a.dst.Append(b), " = dns_lookup();"...) }
func (a *dnsLookup) encode(e *encoder)      { e.endResult(e.beginResult(opDNSLookup, a.dst)) }

// relayCheck has a controller make a DHCP message one that a relay has sent, or received for a client.
type relayCheck struct {
	name          string
	op            opcode
	dst           expr.Field
	relay, server lex.Value // IPv4 addresses
}

func relayed(name string, op opcode) func(*parser, expr.Field) action {
	return func(p *parser, dst expr.Field) action {
		p.Next()
		p.ForceMatch(lex.LParen)
		p.checkWritable(dst, 1)
		a := &relayCheck{name: name, op: op, dst: dst}
		a.relay = p.relayAddress("expecting IPv4 dhcp relay and server ips")
		p.Match(lex.Comma)
		a.server = p.relayAddress("expecting IPv4 dhcp server ip")
		p.ForceMatch(lex.RParen)
		return a
	}
}

func (p *parser) relayAddress(otherwise string) lex.Value {
	v := p.Token.Value
	if p.Token.Format != lex.IPv4 {
		p.SyntaxErrorf("%s", otherwise)
		return v
	}
	p.Next()
	return v
}

func (a *relayCheck) append(b []byte) []byte {
	b = append(append(append(a.dst.Append(b), " = "...), a.name...), '(')
	b = lex.AppendValue(b, a.relay, lex.IPv4)
	return append(lex.AppendValue(append(b, ", "...), a.server, lex.IPv4), ");"...)
}

func (a *relayCheck) encode(e *encoder) {
	c := e.beginResult(a.op, a.dst)
	e.b = a.server.AppendBytes(a.relay.AppendBytes(e.b, 4), 4)
	e.endResult(c)
}
