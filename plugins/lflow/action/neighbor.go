package action

import (
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

func neighborStatements() []statementRow {
	return []statementRow{
		{"get_arp", getBinding("get_arp", 32), always},
		{"get_nd", getBinding("get_nd", 128), always},
		{"put_arp", putBinding("put_arp", 32, opPutARP), always},
		{"put_nd", putBinding("put_nd", 128, opPutND), always},
		{"put_fdb", putBinding("put_fdb", 0, opPutFDB), always},
	}
}

func neighborValues() []valueRow {
	return []valueRow{
		{"lookup_arp", value{read: lookupBinding("lookup_arp", 32, true)}, always},
		{"lookup_nd", value{read: lookupBinding("lookup_nd", 128, true)}, always},
		{"lookup_arp_ip", value{read: lookupBinding("lookup_arp_ip", 32, false)}, always},
		{"lookup_nd_ip", value{read: lookupBinding("lookup_nd_ip", 128, false)}, always},
		{"chk_evpn_arp", value{read: parseCheckEVPN}, in2603},
		{"get_fdb", value{read: parseGetFDB}, always},
		{"get_remote_fdb", value{read: parseGetRemoteFDB}, in2603},
		{"lookup_fdb", value{read: parseLookupFDB}, always},
	}
}

// binding is a logical port, an IP address and an Ethernet address, as far as the action has them.
type binding struct {
	name          string
	port, ip, mac expr.Field
	hasIP, hasMAC bool
}

// binding reads what stands in parentheses: a port, an address of so many bits (0: none), and an Ethernet address if asked for.
func (p *parser) binding(name string, ipBits int, mac bool) binding {
	a := binding{name: name, hasIP: ipBits != 0, hasMAC: mac}
	a.port = p.field(0)
	if a.hasIP {
		p.ForceMatch(lex.Comma)
		a.ip = p.field(ipBits)
	}
	if a.hasMAC {
		p.ForceMatch(lex.Comma)
		a.mac = p.field(48)
	}
	p.ForceMatch(lex.RParen)
	return a
}

func (a *binding) append(b []byte) []byte {
	b = a.port.Append(append(append(b, a.name...), '('))
	if a.hasIP {
		b = a.ip.Append(append(b, ", "...))
	}
	if a.hasMAC {
		b = a.mac.Append(append(b, ", "...))
	}
	return append(b, ");"...)
}

// ipField is where tables of bindings are asked for an IP address: those that get_arp, get_nd and lookups without an Ethernet
// address use (get), or the controller and lookups with one.
func (e *encoder) ipField(bits int, get bool) *flow.Field {
	switch {
	case bits == 32:
		return e.dialect.Pipeline.IPv4
	case get:
		return e.dialect.Pipeline.IPv6
	default:
		return e.registers().PutIPv6
	}
}

// arguments are those of the binding, with the port and the address in the fields given.
func (a *binding) arguments(port, ip *flow.Field) []argument {
	list := make([]argument, 0, 3)
	list = append(list, argument{part(a.port), port})
	if a.hasIP {
		list = append(list, argument{part(a.ip), ip})
	}
	if a.hasMAC {
		list = append(list, argument{part(a.mac), flow.EthSrc})
	}
	return arguments(list...)
}

// getMAC sets the Ethernet destination to what is known of an address, 0 if nothing is.
type getMAC struct{ binding }

func getBinding(name string, bits int) statement {
	return func(p *parser) action {
		p.ForceMatch(lex.LParen)
		return &getMAC{p.binding(name, bits, false)}
	}
}

func (a *getMAC) encode(e *encoder) {
	args := a.arguments(e.dialect.Pipeline.Outport, e.ipField(a.ip.Bits, true))
	e.setUp(args)
	e.loadField(flow.EthDst, 0)
	e.resubmit(e.dialect.Pipeline.Tables.MACBinding)
	e.restore(args)
}

// putMAC tells a controller what was learned.
type putMAC struct {
	binding
	op opcode
}

func putBinding(name string, bits int, op opcode) statement {
	return func(p *parser) action {
		p.ForceMatch(lex.LParen)
		return &putMAC{p.binding(name, bits, true), op}
	}
}

func (a *putMAC) encode(e *encoder) {
	args := a.arguments(e.dialect.Pipeline.Inport, e.ipField(a.ip.Bits, false))
	e.setUp(args)
	e.controller(a.op)
	e.restore(args)
}

// lookupMAC sets a bit to whether the binding is known.
type lookupMAC struct {
	binding
	dst expr.Field
}

func lookupBinding(name string, bits int, mac bool) func(*parser, expr.Field) action {
	return func(p *parser, dst expr.Field) action {
		if !p.checkWritable(dst, 1) {
			return nil
		}
		p.Next() // name
		p.Next() // (
		return &lookupMAC{p.binding(name, bits, mac), dst}
	}
}

func (a *lookupMAC) append(b []byte) []byte {
	return a.binding.append(append(a.dst.Append(b), " = "...))
}

func (a *lookupMAC) encode(e *encoder) {
	p := e.dialect.Pipeline
	table, args := p.Tables.MACLookup, a.arguments(p.Inport, e.ipField(a.ip.Bits, false))
	if !a.hasMAC {
		table, args = p.Tables.MACBinding, a.arguments(p.Outport, e.ipField(a.ip.Bits, true))
	}
	e.setUp(args)
	if !a.hasMAC {
		e.push(flow.EthDst.Whole()) // the table writes it
	}
	e.lookup(pipeline.FlagLookupMAC, table, a.dst, func() {
		if !a.hasMAC {
			e.pop(flow.EthDst.Whole())
		}
		e.restore(args)
	})
}

// lookup asks a table that sets a flag, and writes the answer to a bit. restore brings back what the lookup has used, before the
// answer is written: it may be written to one of these registers.
func (e *encoder) lookup(flag int, table flow.TableID, dst expr.Field, restore func()) {
	found := e.dialect.Pipeline.Flags.Part(flag, 1)
	e.load(found, 0)
	e.resubmit(table)
	if e.dialect.Actions.RestoreOverResult {
		e.move(found, part(dst))
		restore()
		return
	}
	restore()
	e.move(found, part(dst))
}

// checkEVPN sets a bit to whether an address is one behind an EVPN.
type checkEVPN struct{ dst, ip expr.Field }

func parseCheckEVPN(p *parser, dst expr.Field) action {
	if !p.checkWritable(dst, 1) {
		return nil
	}
	p.Next() // name
	p.Next() // (
	ip, ok := p.any()
	if ok && ip.Bits != 32 && ip.Bits != 128 {
		p.Errorf("chk_evpn_arp requires a 32-bit or 128-bit IP field")
	}
	p.ForceMatch(lex.RParen)
	return &checkEVPN{dst, ip}
}

func (a *checkEVPN) append(b []byte) []byte {
	return append(a.ip.Append(append(a.dst.Append(b), " = chk_evpn_arp("...)), ");"...)
}

func (a *checkEVPN) encode(e *encoder) {
	args := arguments(argument{part(a.ip), e.ipField(a.ip.Bits, false)})
	e.setUp(args)
	e.lookup(flagEVPNLookup, e.tables().EVPNARPLookup, a.dst, func() { e.restore(args) })
}
