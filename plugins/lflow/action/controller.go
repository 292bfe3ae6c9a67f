package action

import (
	"encoding/binary"

	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// opcode says to OVN's packet-in handler what to do with a packet (OVN, enum action_opcode).
type opcode uint32

const (
	opARP opcode = iota
	opPutARP
	opPutDHCPOpts
	opNDNA
	opPutND
	opPutDHCPv6Opts
	opDNSLookup
	opLog
	opPutNDRAOpts
	opNDNS
	opICMP
	opTCPReset
	opNDNARouter
	opPutICMP4FragMTU
	opICMP4Error
	opEvent
	opIGMP
	opBindVport
	opHandleSvcCheck
	opDHCP6Server
	opICMP6Error
	opPutICMP6FragMTU
	opReject
	opBFDMsg
	opSCTPAbort
	opPutFDB
)

const (
	opDHCPRelayReqChk opcode = 28 + iota
	opDHCPRelayRespChk
	opPutICMP4InnerIP4Src
)

// Properties of NXAST_CONTROLLER2.
const (
	controllerUserData = 3
	controllerPause    = 4
	controllerMeter    = 5
)

// controllerAction is where an action to a controller that is being written begins.
type controllerAction struct{ start, userData int }

// beginController starts an action that sends the packet to a controller. What is appended up to endController goes with it.
//
// User data is opcode(4) zeros(4), then what the opcode needs (OVN, struct action_header).
func (e *encoder) beginController(op opcode) controllerAction {
	c := controllerAction{start: e.begin(subController)}
	e.zero(6)
	c.userData = len(e.b)
	e.uint16s(controllerUserData, 0)
	e.uint32s(uint32(op), 0)
	return c
}

// endController ends it. With pause the packet goes on when the controller says so.
func (e *encoder) endController(c controllerAction, pause bool, meter flow.MeterID) {
	n := len(e.b) - c.userData
	if n > maxLength {
		e.fail(ErrTooLong)
		return
	}
	binary.BigEndian.PutUint16(e.b[c.userData+2:], uint16(n))
	e.zero(-n & 7)
	if pause {
		e.uint32s(controllerPause<<16|4, 0)
	}
	if meter != 0 && e.Meters {
		e.uint32s(controllerMeter<<16|8, uint32(meter))
	}
	e.end(c.start)
}

// controller sends the packet to a controller with nothing but an opcode.
func (e *encoder) controller(op opcode) {
	e.endController(e.beginController(op), false, e.ControllerMeter)
}

// beginResult starts an action whose controller writes a bit: header of the field(4), bit(4).
func (e *encoder) beginResult(op opcode, dst expr.Field) controllerAction {
	c, bit := e.beginController(op), part(dst)
	e.uint32s(e.headers[bit.Field].newest, uint32(bit.First))
	return c
}

func (e *encoder) endResult(c controllerAction) { e.endController(c, true, e.ControllerMeter) }

func controllerStatements() []statementRow {
	return []statementRow{
		{"igmp", told("igmp;", opIGMP), always},
		{"handle_dhcpv6_reply", told("handle_dhcpv6_reply;", opDHCP6Server), always},
		{"handle_bfd_msg", parseBFD, always},
		{"log", parseLog, always},
		{"trigger_event", parseTriggerEvent, always},
		{"bind_vport", parseBindVport, always},
		{"handle_svc_check", parseHandleSvcCheck, always},
	}
}

// tell sends the packet to a controller, which knows what to do.
type tell struct {
	text string
	op   opcode
}

func told(text string, op opcode) statement {
	a := &tell{text, op}
	return func(*parser) action { return a }
}

func parseBFD(p *parser) action {
	if p.ForceMatch(lex.LParen) {
		p.ForceMatch(lex.RParen)
	}
	return &tell{"handle_bfd_msg();", opBFDMsg}
}

func (a *tell) append(b []byte) []byte { return append(b, a.text...) }
func (a *tell) encode(e *encoder)      { e.controller(a.op) }

// bindVport tells which port a virtual port is behind.
type bindVport struct {
	port   string
	parent expr.Field
}

func parseBindVport(p *parser) action {
	if !p.ForceMatch(lex.LParen) {
		return nil
	}
	a := &bindVport{port: p.Token.Text}
	if p.Token.Kind != lex.String {
		p.SyntaxErrorf("expecting port name string")
		return nil
	}
	p.Next()
	p.ForceMatch(lex.Comma)
	a.parent = p.field(0)
	p.ForceMatch(lex.RParen)
	return a
}

func (a *bindVport) append(b []byte) []byte {
	b = append(lex.AppendQuoted(append(b, "bind_vport("...), a.port), ", "...)
	return append(a.parent.Append(b), ");"...)
}

func (a *bindVport) encode(e *encoder) {
	key, ok := e.port(a.port)
	if !ok {
		return
	}
	args := arguments(argument{part(a.parent), e.dialect.Pipeline.Inport})
	e.setUp(args)
	c := e.beginController(opBindVport)
	e.uint32s(key)
	e.endController(c, false, e.ControllerMeter)
	e.restore(args)
}

// handleSvcCheck gives a controller the answer to its probe of a load balancer's backend.
type handleSvcCheck struct{ port expr.Field }

func parseHandleSvcCheck(p *parser) action {
	if !p.ForceMatch(lex.LParen) {
		return nil
	}
	a := &handleSvcCheck{p.field(0)}
	p.ForceMatch(lex.RParen)
	return a
}

func (a *handleSvcCheck) append(b []byte) []byte {
	return append(a.port.Append(append(b, "handle_svc_check("...)), ");"...)
}

func (a *handleSvcCheck) encode(e *encoder) {
	args := arguments(argument{part(a.port), e.dialect.Pipeline.Inport})
	e.setUp(args)
	e.controller(opHandleSvcCheck)
	e.restore(args)
}
