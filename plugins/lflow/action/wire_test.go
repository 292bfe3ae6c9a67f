package action

import (
	"encoding/hex"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// What wire writes is what package flow makes.
func TestWireLikeFlow(t *testing.T) {
	table := flow.TableID(19)
	for _, c := range []struct {
		name  string
		write func(*encoder)
		want  flow.Action
	}{
		{"resubmit", func(e *encoder) { e.resubmit(19) }, flow.Resubmit(19)},
		{"dec_ttl", func(e *encoder) { e.decTTL() }, flow.DecTTLUntold()},
		{"set", func(e *encoder) { e.loadField(flow.Reg[15], 5) }, flow.SetField(flow.Reg[15], 5)},
		{"set bits", func(e *encoder) { e.load(flow.Reg[10].Part(4, 3), 5) }, flow.SetFieldMasked(flow.Reg[10], 0x50, 0x70)},
		{"set dscp", func(e *encoder) { e.loadField(flow.IPDSCP, 46) }, flow.SetFieldMasked(flow.IPDSCP, 46, 0x3f)},
		{"set label", func(e *encoder) { e.loadField(flow.IPv6Label, 0x12345) },
			flow.SetFieldMasked(flow.IPv6Label, 0x12345, 0xfffff)},
		{"move", func(e *encoder) { e.move(flow.IPDst.Whole(), flow.XXReg[0].Part(96, 32)) },
			flow.Move(flow.IPDst.Whole(), flow.XXReg[0].Part(96, 32))},
		{"push", func(e *encoder) { e.push(flow.ARPSHA.Whole()) }, flow.Push(flow.ARPSHA.Whole())},
		{"pop", func(e *encoder) { e.pop(flow.XXReg[1].Part(3, 9)) }, flow.Pop(flow.XXReg[1].Part(3, 9))},
		{"ct", func(e *encoder) { e.end(e.beginCT(0, flow.Reg[13], 19)) },
			flow.CT(flow.CTOptions{Table: &table, ZonePart: flow.Reg[13].Part(0, 16)})},
		{"ct commit", func(e *encoder) {
			start := e.beginCT(ctCommitFlag, flow.Reg[11], ctNoTable)
			e.nat(natSrc)
			e.set(flow.CTMark, lex.Uint(2), lex.Uint(3))
			e.end(start)
		}, flow.CT(flow.CTOptions{
			Commit: true, ZonePart: flow.Reg[11].Part(0, 16), NAT: &flow.NAT{Src: true},
			Exec: []flow.Action{flow.SetFieldMasked(flow.CTMark, 2, 3)},
		})},
		{"controller", func(e *encoder) {
			c := e.beginController(opLog)
			e.b = append(e.b, "xyz"...)
			e.endController(c, true, 9)
		}, flow.Controller(flow.ControllerOptions{UserData: []byte("\x00\x00\x00\x07\x00\x00\x00\x00xyz"), Pause: true, Meter: 9})},
		{"group", func(e *encoder) { e.group([]byte("type=select,bucket=actions=drop")) }, flow.ToGroup(7)},
	} {
		e := &encoder{
			wire:    wire{headers: newHeaders()},
			Options: &Options{Meters: true, Group: func(string) (flow.GroupID, bool) { return 7, true }},
		}
		c.write(e)
		want, err := flow.NewActions(c.want)
		if err != nil || e.err != nil {
			t.Fatal(c.name, err, e.err)
		}
		if got, want := hex.EncodeToString(e.b), hex.EncodeToString([]byte(want[instructionHead:])); got != want {
			t.Errorf("%s is\n%s\nand should be\n%s", c.name, got, want)
		}
	}
}

// Every field that a logical field is in has its headers.
func TestHeadersOfAllFields(t *testing.T) {
	headers := newHeaders()
	for _, d := range []*dialect.Dialect{dialect.OVN2303(), dialect.OVN2603()} {
		for s := range expr.LogicalFields(d).All() {
			if s.Predicate != "" || s.Pseudo {
				continue
			}
			f := expr.Field{Symbol: s, Bits: s.Width}.Resolve().Field
			if h := headers[f]; h.newest == 0 || h.oldest == 0 || h.size == 0 || h.bits != f.Bits() {
				t.Errorf("%s: no header of %s: %+v", s.Name, f, h)
			}
		}
	}
}

// A field that does not fill its bytes has a mask, as Open vSwitch writes it for OVN.
func TestMaskOfPartOfAByte(t *testing.T) {
	w := wire{headers: newHeaders()}
	w.loadField(flow.IPDSCP, 46)
	if got, want := hex.EncodeToString(w.b), "0019001080001102"+"2e3f000000000000"; got != want {
		t.Errorf("%s instead of %s", got, want)
	}
}
