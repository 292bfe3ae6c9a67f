package action

import (
	"strings"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// event tells a controller of something, for a row of the database (ovn-sb(5), Controller_Event).
type event struct {
	list []setting
}

// The one event there is, and what is told of it.
const (
	emptyLBBackends = "empty_lb_backends"

	eventEmptyLBBackends = 0
	eventVIP             = 1
	eventProtocol        = 2
	eventLoadBalancer    = 3
)

var emptyLBOptions = []Option{
	{"vip", eventVIP, OptionStr},
	{"protocol", eventProtocol, OptionStr},
	{"load_balancer", eventLoadBalancer, OptionStr},
}

func parseTriggerEvent(p *parser) action {
	p.ForceMatch(lex.LParen)
	if !p.MatchID("event") {
		p.SyntaxErrorf("Expecting 'event' option")
		return nil
	}
	if !p.ForceMatch(lex.Equals) {
		return nil
	}
	switch name := p.Token.Text; {
	case p.Token.Kind != lex.String || len(name) > maxLogName:
		p.SyntaxErrorf("Expecting string")
		return nil
	case name != emptyLBBackends:
		p.SyntaxErrorf("Unknown event '-1'")
		return nil
	}
	p.Next()
	p.Match(lex.Comma)
	a := &event{p.settings(emptyLBOptions, emptyLBBackends)}
	for i := range a.list {
		if !p.Failed() {
			p.checkEvent(&a.list[i])
		}
	}
	return a
}

func (p *parser) checkEvent(s *setting) {
	text := s.first().Text
	if len(s.value.Values) > 1 {
		p.Errorf("Invalid value for \"%s\" option", s.option.Name)
		return
	}
	switch s.option.Code {
	case eventVIP:
		if _, ok := parseEndpoint(text); !ok {
			p.Errorf("Invalid load balancer VIP '%s'", text)
		}
	case eventProtocol:
		if text != "tcp" && text != "udp" && text != "sctp" {
			p.Errorf("Load balancer protocol '%s' is not 'tcp', 'udp', or 'sctp'", text)
		}
	case eventLoadBalancer:
		if !isUUID(text) {
			p.Errorf("Load balancer '%s' is not a UUID", text)
		}
	}
}

// isUUID says whether text is a UUID in its usual form (RFC 9562 §4).
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range []byte(text) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
			return false
		}
	}
	return true
}

func (a *event) append(b []byte) []byte {
	b = append(b, `trigger_event(event = "`+emptyLBBackends+`"`...)
	if len(a.list) > 0 {
		b = append(b, ", "...)
	}
	return append(appendSettings(b, a.list), ");"...)
}

// encode: user data is event(4), then options of code(2) length(2) and a string.
func (a *event) encode(e *encoder) {
	c := e.beginController(opEvent)
	e.uint32s(eventEmptyLBBackends)
	for i := range a.list {
		text := a.list[i].first().Text
		e.uint16s(a.list[i].option.Code, uint16(len(text)))
		e.b = append(e.b, text...)
	}
	e.endController(c, false, e.ControllerMeter)
}
