package action

import (
	"strconv"

	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Bits of the flags that tables answer with (OVN, enum mff_log_flags_bits), beside those of package pipeline.
const (
	flagLookupECMP    = 13
	flagUseLBAffinity = 14
	flagEVPNLookup    = 25
)

func resultValues() []valueRow {
	flag := func(bit int) answer {
		return answer{bits: 1, at: func(e *encoder) flow.Part { return e.dialect.Pipeline.Flags.Part(bit, 1) }}
	}
	found := func(bits int) answer {
		return answer{bits: bits, keep: true, at: func(e *encoder) flow.Part { return e.registers().Result.Part(0, bits) }}
	}
	saved := answer{bits: 8, at: func(e *encoder) flow.Part { return e.registers().CTState.Part(0, 8) }}
	ask := func(name string, in releases, a answer, table func(*dialect.Tables) flow.TableID) valueRow {
		a.name, a.table = name, table
		return valueRow{name, value{read: a.parse}, in}
	}
	type tables = dialect.Tables
	return []valueRow{
		ask("chk_lb_hairpin", always, flag(pipeline.FlagLookupLBHairpin), func(t *tables) flow.TableID { return t.LBHairpin }),
		ask("chk_lb_hairpin_reply", always, flag(pipeline.FlagLookupLBHairpin), func(t *tables) flow.TableID { return t.LBHairpinReply }),
		ask("check_in_port_sec", always, flag(pipeline.FlagCheckPortSec), func(t *tables) flow.TableID { return t.InPortSec }),
		ask("check_out_port_sec", always, flag(pipeline.FlagCheckPortSec), func(t *tables) flow.TableID { return t.OutPortSec }),
		ask("chk_ecmp_nh_mac", always, flag(flagLookupECMP), func(t *tables) flow.TableID { return t.ECMPNextHopMAC }),
		ask("chk_ecmp_nh", always, flag(flagLookupECMP), func(t *tables) flow.TableID { return t.ECMPNextHop }),
		ask("chk_lb_aff", always, flag(flagUseLBAffinity), func(t *tables) flow.TableID { return t.LBAffinity }),
		ask("ct_nw_dst", in2603, found(32), func(t *tables) flow.TableID { return t.CTOrigNwDst }),
		ask("ct_ip6_dst", in2603, found(128), func(t *tables) flow.TableID { return t.CTOrigIP6Dst }),
		ask("ct_tp_dst", in2603, found(16), func(t *tables) flow.TableID { return t.CTOrigTpDst }),
		ask("ct_proto", in2603, found(8), func(t *tables) flow.TableID { return t.CTOrigProto }),
		ask("ct_state_save", in2603, saved, func(t *tables) flow.TableID { return t.CTStateSave }),
		{"select", value{read: parseSelect}, always},
		{"check_pkt_larger", value{read: parseCheckPktLarger}, always},
	}
}

// answer sets a field to what a table has to say.
type answer struct {
	name  string
	bits  int
	table func(*dialect.Tables) flow.TableID
	at    func(*encoder) flow.Part // where the table leaves it
	keep  bool                     // what was there is kept, unless that is the field
	dst   expr.Field
}

func (a answer) parse(p *parser, dst expr.Field) action {
	p.noArguments(a.name)
	p.checkWritable(dst, a.bits)
	a.dst = dst
	return &a
}

// noArguments passes over a name and empty parentheses.
func (p *parser) noArguments(name string) {
	p.Next() // name
	p.Next() // (
	if !p.Match(lex.RParen) {
		p.Errorf("%s doesn't take any parameters", name)
	}
}

func (a *answer) append(b []byte) []byte {
	return append(append(append(a.dst.Append(b), " = "...), a.name...), "();"...)
}

func (a *answer) encode(e *encoder) {
	found, dst := a.at(e), part(a.dst)
	keep := a.keep && found != dst
	if keep {
		e.push(found)
	}
	const most = 64 // bits that OVN clears with one action
	for first := 0; first < found.Bits; first += most {
		e.load(found.Field.Part(found.First+first, min(most, found.Bits-first)), 0)
	}
	e.resubmit(a.table(e.tables()))
	e.move(found, dst)
	if keep {
		e.pop(found)
	}
}

// checkPktLarger sets a bit to whether the packet is longer than so many bytes.
type checkPktLarger struct {
	dst    expr.Field
	length int
}

func parseCheckPktLarger(p *parser, dst expr.Field) action {
	if !p.checkWritable(dst, 1) {
		return nil
	}
	p.Next()
	if !p.ForceMatch(lex.LParen) {
		return nil
	}
	length, ok := p.Int()
	if ok {
		p.ForceMatch(lex.RParen)
	}
	return &checkPktLarger{dst, length}
}

func (a *checkPktLarger) append(b []byte) []byte {
	b = append(a.dst.Append(b), " = check_pkt_larger("...)
	return append(strconv.AppendInt(b, int64(a.length), 10), ");"...)
}

func (a *checkPktLarger) encode(e *encoder) {
	e.put(flow.CheckPktLarger(uint16(a.length), part(a.dst)))
}

func tableStatements() []statementRow {
	return []statementRow{
		{"ct_snat_to_vip", visit("ct_snat_to_vip;", func(t *dialect.Tables) flow.TableID { return t.CTSNATHairpin }), always},
		{"mac_cache_use", visit("mac_cache_use;", func(t *dialect.Tables) flow.TableID { return t.MACCacheUse }), in2603},
		{"flood_remote", visit("flood_remote;", func(t *dialect.Tables) flow.TableID { return t.FloodRemote }), in2603},
		{"commit_ecmp_nh", parseCommitECMP, always},
		{"commit_lb_aff", parseCommitLBAff, always},
	}
}

// visited looks the packet up in a table of the chassis.
type visited struct {
	text  string
	table func(*dialect.Tables) flow.TableID
}

func visit(text string, table func(*dialect.Tables) flow.TableID) statement {
	a := &visited{text, table}
	return func(*parser) action { return a }
}

func (a *visited) append(b []byte) []byte { return append(b, a.text...) }
func (a *visited) encode(e *encoder)      { e.resubmit(a.table(e.tables())) }
