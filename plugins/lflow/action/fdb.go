package action

import (
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// getFDB sets a field to the port behind which an Ethernet address is, 0 if none is known.
type getFDB struct {
	dst, mac expr.Field
	remote   bool // the field gets where on another chassis that is
}

func parseGetFDB(p *parser, dst expr.Field) action { return p.getFDB(dst, false) }

func parseGetRemoteFDB(p *parser, dst expr.Field) action { return p.getFDB(dst, true) }

func (p *parser) getFDB(dst expr.Field, remote bool) action {
	p.Next() // name
	p.Next() // (
	if !dst.Symbol.IsString() && !p.checkWritable(dst, 32) {
		return nil
	}
	mac := p.field(48)
	p.ForceMatch(lex.RParen)
	return &getFDB{dst, mac, remote}
}

func (a *getFDB) append(b []byte) []byte {
	name := " = get_fdb("
	if a.remote {
		name = " = get_remote_fdb("
	}
	return append(a.mac.Append(append(a.dst.Append(b), name...)), ");"...)
}

func (a *getFDB) encode(e *encoder) {
	found, table := e.dialect.Pipeline.Outport, e.dialect.Pipeline.Tables.GetFDB
	if a.remote {
		found, table = e.registers().RemoteOutport, e.tables().GetRemoteFDB
	}
	args := arguments(argument{part(a.mac), flow.EthDst})
	e.setUp(args)
	e.loadField(found, 0)
	e.resubmit(table)
	e.restore(args)
	if dst := part(a.dst); dst.Field != found {
		e.move(found.Whole(), dst)
	}
}

// lookupFDB sets a bit to whether an Ethernet address is known to be behind a port.
type lookupFDB struct {
	binding
	dst expr.Field
}

func parseLookupFDB(p *parser, dst expr.Field) action {
	p.Next() // name
	p.Next() // (
	if !p.checkWritable(dst, 1) {
		return nil
	}
	return &lookupFDB{p.binding("lookup_fdb", 0, true), dst}
}

func (a *lookupFDB) append(b []byte) []byte {
	return a.binding.append(append(a.dst.Append(b), " = "...))
}

func (a *lookupFDB) encode(e *encoder) {
	args := a.arguments(e.dialect.Pipeline.Inport, nil)
	found := e.dialect.Pipeline.Flags.Part(pipeline.FlagLookupFDB, 1)
	e.setUp(args)
	e.load(found, 0)
	e.resubmit(e.dialect.Pipeline.Tables.LookupFDB)
	e.restore(args)
	e.move(found, part(a.dst))
}
