package action

import (
	"strconv"

	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

func basicStatements() []statementRow {
	return []statementRow{
		{"output", parseOutput, always},
		{"next", parseNext, always},
		{"push", func(p *parser) action { return push{p.stacked(false)} }, always},
		{"pop", func(p *parser) action { return pop{p.stacked(true)} }, always},
		{"ip.ttl", parseDecTTL, always},
		{"set_queue", parseSetQueue, always},
		{"set_meter", parseSetMeter, always},
		{"sample", parseSample, always},
		{"mirror", parseMirror, in2603},
	}
}

// output sends the packet to the logical port in outport.
type output struct{}

func parseOutput(*parser) action      { return output{} }
func (output) append(b []byte) []byte { return append(b, "output;"...) }
func (output) encode(e *encoder)      { e.resubmit(e.output()) }

// next goes on in another table and then here.
type next struct {
	to   target
	from target
}

func parseNext(p *parser) action {
	if p.place.tables(p.place.Pipeline) == 0 {
		p.Errorf("\"next\" action not allowed here.")
		return nil
	}
	n := &next{p.next(), target{p.place.Pipeline, p.place.Table}}
	if p.Match(lex.LParen) {
		if table, ok := p.Int(); ok {
			n.to.table = table
		} else {
			for p.nextArgument(n) && p.Match(lex.Comma) {
			}
		}
		if !p.ForceMatch(lex.RParen) {
			return nil
		}
	}
	if tables := p.place.tables(n.to.pipeline); n.to.table >= tables {
		if !p.env.dialect.Actions.CountTables {
			tables--
		}
		p.Errorf("\"next\" action cannot advance beyond table %d.", tables)
	}
	return n
}

func (p *parser) nextArgument(n *next) bool {
	switch {
	case p.MatchID("pipeline"):
		if !p.ForceMatch(lex.Equals) {
			return false
		}
		switch {
		case p.MatchID("ingress"):
			n.to.pipeline = Ingress
		case p.MatchID("egress"):
			n.to.pipeline = Egress
		default:
			p.SyntaxErrorf("expecting \"ingress\" or \"egress\"")
		}
	case p.MatchID("table"):
		if p.ForceMatch(lex.Equals) {
			n.to.table, _ = p.ForceInt()
		}
	default:
		p.SyntaxErrorf("expecting \"pipeline\" or \"table\"")
	}
	return !p.Failed()
}

func (n *next) append(b []byte) []byte {
	b = append(b, "next"...)
	switch {
	case n.to.pipeline != n.from.pipeline:
		b = append(append(b, "(pipeline="...), n.to.pipeline.String()...)
		b = append(strconv.AppendInt(append(b, ", table="...), int64(n.to.table), 10), ')')
	case n.to.table != n.from.table+1:
		b = append(strconv.AppendInt(append(b, '('), int64(n.to.table), 10), ')')
	}
	return append(b, ';')
}

func (n *next) encode(e *encoder) { e.resubmit(e.table(n.to)) }

// stacked reads the field of push and pop.
func (p *parser) stacked(write bool) expr.Field {
	p.ForceMatch(lex.LParen)
	f, ok := p.any()
	if ok && write {
		p.checkWritable(f, f.Bits)
	}
	p.ForceMatch(lex.RParen)
	return f
}

// push puts a field onto the stack.
type push struct{ field expr.Field }

func (a push) append(b []byte) []byte { return append(a.field.Append(append(b, "push("...)), ");"...) }
func (a push) encode(e *encoder)      { e.push(part(a.field)) }

// pop takes a field off the stack.
type pop struct{ field expr.Field }

func (a pop) append(b []byte) []byte { return append(a.field.Append(append(b, "pop("...)), ");"...) }
func (a pop) encode(e *encoder)      { e.pop(part(a.field)) }

// decTTL lowers the time to live, or hop limit.
type decTTL struct{}

func parseDecTTL(p *parser) action {
	p.ForceMatch(lex.Decrement)
	p.need("ip")
	return decTTL{}
}

func (decTTL) append(b []byte) []byte { return append(b, "ip.ttl--;"...) }
func (decTTL) encode(e *encoder)      { e.decTTL() }

// setQueue chooses the queue in which the packet waits when it goes out.
type setQueue uint16

// maxQueue is the last queue there is (OVN, QDISC_MAX_QUEUE_ID).
const maxQueue = 0xf000

func parseSetQueue(p *parser) action {
	if !p.ForceMatch(lex.LParen) {
		return nil
	}
	queue, ok := p.Int()
	if !ok || !p.ForceMatch(lex.RParen) {
		return nil // what should have been a number is no semicolon either
	}
	if queue > maxQueue {
		p.Errorf("Queue ID %d for set_queue is not in valid range 0 to %d.", queue, maxQueue)
	}
	return setQueue(queue)
}

func (a setQueue) append(b []byte) []byte {
	return append(strconv.AppendUint(append(b, "set_queue("...), uint64(a), 10), ");"...)
}

func (a setQueue) encode(e *encoder) { e.put(flow.SetQueue(uint32(a))) }

// mirror sends a copy of the packet to a port, wherever that is.
type mirror struct{ port string }

func parseMirror(p *parser) action {
	if !p.ForceMatch(lex.LParen) {
		return nil
	}
	name := p.Token.Text
	if p.Token.Kind != lex.String {
		p.SyntaxErrorf("expecting port name string")
		return nil
	}
	p.Next()
	p.ForceMatch(lex.RParen)
	return mirror{name}
}

func (a mirror) append(b []byte) []byte {
	return append(lex.AppendQuoted(append(b, "mirror("...), a.port), ");"...)
}

func (a mirror) encode(e *encoder) {
	key, ok := e.port(a.port)
	if !ok {
		return
	}
	start := e.begin(subClone)
	e.zero(6)
	// Otherwise Open vSwitch would not send a packet back to where it came from.
	e.put(flow.SetField(flow.InPort, uint64(flow.PortAny&0xffff)))
	e.loadField(e.dialect.Pipeline.Outport, uint64(key))
	e.resubmit(e.dialect.Pipeline.Tables.RemoteOutput)
	e.end(start)
}
