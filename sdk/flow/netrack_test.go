package flow_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/netrack/openflow/ofp"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// netrackXM is a term with netrack's types.
func netrackXM(t flow.Term) ofp.XM {
	class, number, experimenter := flow.WireID(t.Field())
	value, mask := t.Value()
	if experimenter != 0 {
		value = string(binary.BigEndian.AppendUint32(nil, experimenter)) + value
	}
	xm := ofp.XM{Class: ofp.XMClass(class), Type: ofp.XMType(number), Value: ofp.XMValue(value)}
	if mask != "" {
		xm.Mask = ofp.XMValue(mask)
	}
	return xm
}

// TestMatchesSameAsNetrack holds matches over all fields against netrack/openflow's encoder.
func TestMatchesSameAsNetrack(t *testing.T) {
	batches := rapid.Custom(drawFlows)
	rapid.Check(t, func(rt *rapid.T) {
		for _, f := range batches.Draw(rt, "flows") {
			var want bytes.Buffer
			for term := range f.Match.Terms() {
				xm := netrackXM(term)
				if _, err := xm.WriteTo(&want); err != nil {
					rt.Fatal(err)
				}
			}
			if want.String() != string(f.Match) {
				rt.Errorf("%s\n- want %x\n-  got %x", f.Match, want.Bytes(), []byte(f.Match))
			}
		}
	})
}

// TestActionsSameAsNetrack holds all actions and instructions against netrack/openflow's encoder that it has of OpenFlow 1.5.
func TestActionsSameAsNetrack(t *testing.T) {
	theirs := ofp.Actions{
		&ofp.ActionOutput{Port: 5},
		&ofp.ActionOutput{Port: ofp.PortController, MaxLen: 77},
		&ofp.ActionSetMPLSTTL{TTL: 9},
		&ofp.ActionDecMPLSTTL{},
		&ofp.ActionPushVLAN{EtherType: 0x88a8},
		&ofp.ActionPopVLAN{},
		&ofp.ActionPushMPLS{EtherType: 0x8847},
		&ofp.ActionPopMPLS{EtherType: 0x800},
		&ofp.ActionSetQueue{QueueID: 3},
		&ofp.ActionGroup{Group: 7},
		&ofp.ActionSetNetworkTTL{TTL: 8},
		&ofp.ActionDecNetworkTTL{},
		&ofp.ActionSetField{Field: netrackXM(flow.EthDst.Is(0x0a0b0c0d0e0f))},
		&ofp.ActionSetField{Field: netrackXM(flow.Reg[10].IsMasked(0x40, 0x40))},
		&ofp.ActionSetField{Field: netrackXM(flow.IPv6Src.Is(1))},
	}
	ours := []flow.Action{
		flow.Output(5), flow.Controller(flow.ControllerOptions{MaxLen: 77}), flow.SetMPLSTTL(9), flow.DecMPLSTTL(), flow.PushVLAN(0x88a8), flow.PopVLAN(),
		flow.PushMPLS(0x8847), flow.PopMPLS(0x800), flow.SetQueue(3), flow.ToGroup(7), flow.SetTTL(8), flow.DecTTL(),
		flow.SetField(flow.EthDst, 0x0a0b0c0d0e0f), flow.SetFieldMasked(flow.Reg[10], 0x40, 0x40), flow.SetField(flow.IPv6Src, 1),
	}
	for i := range ours {
		checkSame(t, ofp.Instructions{&ofp.InstructionApplyActions{Actions: theirs[i : i+1]}}, flow.ApplyActions(ours[i]))
	}
	checkSame(t, ofp.Instructions{
		&ofp.InstructionApplyActions{Actions: theirs},
		&ofp.InstructionClearActions{},
		&ofp.InstructionWriteActions{Actions: theirs[:1]},
		&ofp.InstructionWriteMetadata{Metadata: 5, MetadataMask: 7},
		&ofp.InstructionGotoTable{Table: 9},
	}, flow.GotoTable(9), flow.WriteMetadata(5, 7), flow.WriteActions(ours[0]), flow.ClearActions(), flow.ApplyActions(ours...))
}

func checkSame(t *testing.T, theirs ofp.Instructions, ours ...flow.Instruction) {
	t.Helper()
	var want bytes.Buffer
	if _, err := theirs.WriteTo(&want); err != nil {
		t.Fatal(err)
	}
	got, err := flow.NewInstructions(ours...)
	if err != nil || string(got) != want.String() {
		t.Errorf("%s: %v\n- want %x\n-  got %x", got, err, want.Bytes(), []byte(got))
	}
}
