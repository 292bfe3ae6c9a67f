package action

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// meterText begins the text of a meter that is told by what it does; other texts are names in OVN's Meter table.
const meterText = "__string: "

// IsMeterText says whether a text that Encode has asked an id for tells what the meter does. Otherwise it is a name.
func IsMeterText(text string) bool { return strings.HasPrefix(text, meterText) }

// NewMeter makes the meter of a text that Encode has asked an id for. The error Is ErrMeter; one for a name, of which the text
// says nothing more, too.
func NewMeter(id flow.MeterID, text string) (flow.Meter, error) {
	spec, ok := strings.CutPrefix(text, meterText+"uuid ")
	if ok {
		_, spec, ok = strings.Cut(spec, " ") // the logical flow's, so that each has its own
	}
	if !ok {
		return flow.Meter{}, fmt.Errorf("%w: %q", ErrMeter, text)
	}
	m, err := flow.ParseMeter(fmt.Sprintf("meter=%d %s", id, spec))
	if err != nil {
		return flow.Meter{}, fmt.Errorf("%w: %w", ErrMeter, err)
	}
	return m, nil
}

// setMeter drops packets above a rate, in kilobits per second. A burst of 0 is none.
type setMeter struct{ rate, burst uint64 }

func parseSetMeter(p *parser) action {
	p.ForceMatch(lex.LParen)
	a := &setMeter{rate: p.decimal()}
	if p.Match(lex.Comma) {
		a.burst = p.decimal()
	}
	p.ForceMatch(lex.RParen)
	if a.rate == 0 {
		p.Errorf("Rate %d for set_meter is not in valid.", a.rate)
	}
	return a
}

// decimal takes any token: what is no integer is 0.
func (p *parser) decimal() (v uint64) {
	if p.isDecimal() {
		v = p.Token.Value.Lo
	}
	p.Next()
	return v
}

func (a *setMeter) append(b []byte) []byte {
	b = strconv.AppendUint(append(b, "set_meter("...), a.rate, 10)
	if a.burst != 0 {
		b = strconv.AppendUint(append(b, ", "...), a.burst, 10)
	}
	return append(b, ");"...)
}

func (a *setMeter) encode(e *encoder) {
	u := e.UUID
	text := fmt.Sprintf(meterText+"uuid %x-%x-%x-%x-%x kbps ", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
	if a.burst != 0 {
		text += fmt.Sprintf("burst stats bands=type=drop rate=%d burst_size=%d", a.rate, a.burst)
	} else {
		text += fmt.Sprintf("stats bands=type=drop rate=%d", a.rate)
	}
	if id, ok := e.meter(text); ok {
		e.uint32s(typeMeter<<16|8, uint32(id))
	}
}
