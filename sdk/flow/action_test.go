package flow

import (
	"errors"
	"strings"
	"testing"
)

func TestNewActionsRefuses(t *testing.T) {
	for _, tc := range []struct {
		action Action
		what   string
		cause  error
	}{
		{SetField(EthType, 1), "set_field", errReadOnly},
		{SetField(InPortOXM, 1), "set_field", errSetInPort},
		{SetField(VLANVID, 5), "set_field", errSetVLAN},
		{SetField(CTMark, 5), "set_field", errCTExec},
		{SetField(Reg[0], 1<<32), "set_field", errRange},
		{Load(Reg[0].Part(0, 4), 16), "set_field", errRange},
		{Move(Reg[0].Whole(), XReg[1].Whole()), "", errWidth},
		{Move(Reg[0].Part(30, 4), Reg[1].Part(0, 4)), "", errPart},
		{OutputTruncated(1, 13), "output", errTruncate},
		{PushVLAN(0x8847), "push_vlan", errNumberArgument},
		{ToGroup(0xffffff01), "group", errNumberArgument},
		{ToMeter(0), "meter", errNumberArgument},
		{Conjunction(Conj{1, 2, 2}), "conjunction", errClause},
		{CT(CTOptions{Force: true}), "ct", errCTFlags},
		{CT(CTOptions{Exec: []Action{SetField(CTMark, 1)}}), "ct", errCTCommit},
		{CT(CTOptions{Commit: true, Exec: []Action{Output(1)}}), "output", errCTExec},
		{CT(CTOptions{Commit: true, NAT: &NAT{Src: true, Dst: true}}), "", errNATFlags},
		{CT(CTOptions{Commit: true, NAT: &NAT{Src: true, MinPort: 5}}), "", errNATRange},
		{CT(CTOptions{ZonePart: Reg[0].Part(0, 8)}), "", errCTZone},
		{Sample(SampleOptions{}), "", errSample},
		{DeleteField(Reg[0]), "", errDelete},
		{Multipath(MultipathOptions{Links: 3, Dst: Reg[0].Part(0, 1)}), "", errLinks},
		{BundleLoad(BundleOptions{}, Reg[0].Part(0, 8)), "", errNarrow},
		{LearnFlow(Learn{Table: 254}), "learn", errLearnTable},
		{Encap(5), "encap", errEncap},
		{CheckPktLarger(5, Reg[0].Part(0, 2)), "", errOneBit},
	} {
		_, err := NewActions(tc.action)
		var e *Error
		if !errors.As(err, &e) || e.What != tc.what || !errors.Is(err, ErrActions) || !errors.Is(err, tc.cause) {
			t.Errorf("want %s: %v; got %v", tc.what, tc.cause, err)
		}
	}
}

func TestCanonicalActionsRefuses(t *testing.T) {
	deep := Output(1)
	for range maxDepth {
		deep = Clone(deep)
	}
	nested := ApplyActions(deep).wire
	for _, tc := range []struct {
		name, wire string
		offset     int
		cause      error
	}{
		{"half an instruction", "\x00\x04\x00\x08", 0, errTruncated},
		{"unknown instruction", "\x00\x06\x00\x08\x00\x00\x00\x01", 0, errUnknown},
		{"twice", "\x00\x05\x00\x08\x00\x00\x00\x00\x00\x05\x00\x08\x00\x00\x00\x00", 8, errDuplicate},
		{"longer than the list", "\x00\x04\x00\x18\x00\x00\x00\x00", 0, errTruncated},
		{"unknown action", "\x00\x04\x00\x10\x00\x00\x00\x00\x00\x1a\x00\x08\x88\xe7\x00\x00", 8, errUnknown},
		{"no length", "\x00\x04\x00\x10\x00\x00\x00\x00\x00\x12\x00\x00\x00\x00\x00\x00", 8, errLength},
		{"odd length", "\x00\x04\x00\x18\x00\x00\x00\x00\x00\x12\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 8, errAlign},
		{"too deep", nested, 16*maxDepth + 8, errNested},
	} {
		_, err := CanonicalActions([]byte(tc.wire))
		var e *Error
		if !errors.As(err, &e) || e.Offset != tc.offset || !errors.Is(err, ErrActions) || !errors.Is(err, tc.cause) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if got := Actions(tc.wire).String(); !strings.HasPrefix(got, "unknown(0x") {
			t.Errorf("%s is printed as %s", tc.name, got)
		}
	}
}

func TestConjunctions(t *testing.T) {
	want := []Conj{{1, 0, 2}, {1, 1, 2}, {7, 63, 64}}
	a, err := NewConjunctions(want)
	if err != nil || a.Class() != ClassConjunction {
		t.Fatalf("%s: %v", a, err)
	}
	got := a.Conjunctions()
	if len(got) != len(want) {
		t.Fatal(got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got[i], want[i])
		}
	}
	if _, err := NewActions(Conjunction(want[0]), Output(1)); !errors.Is(err, errConjunctionMixed) {
		t.Errorf("beside an output: %v", err)
	}
	if c := Actions("").Class(); c != ClassDrops {
		t.Errorf("no actions are %d", c)
	}
	if a, _ := NewActions(Output(1)); a.Class() != ClassActs || a.Conjunctions() != nil {
		t.Errorf("an output is %d", a.Class())
	}
}

func TestRefs(t *testing.T) {
	a, err := NewInstructions(
		ApplyActions(Clone(ToGroup(5)), ToMeter(6), LearnFlow(Learn{Table: 9, Priority: 3, Cookie: 4}),
			Controller(ControllerOptions{Meter: 8}), Controller(ControllerOptions{ID: 4, MaxLen: 9}), Output(PortController),
			Controller(ControllerOptions{ID: 5, UserData: []byte("ab")}), Clone(Resubmit(11)), Output(PortTable), ResubmitPort(3, 255),
			OutputPart(Reg[0].Whole())),
		WriteActions(ToGroup(7)))
	if err != nil {
		t.Fatal(err)
	}
	want := []Ref{
		{Kind: RefGroup, ID: 5}, {Kind: RefMeter, ID: 6}, {Kind: RefLearned, Table: 9, Priority: 3, Cookie: 4},
		{Kind: RefController}, {Kind: RefMeter, ID: 8}, {Kind: RefController, ID: 4}, {Kind: RefController},
		{Kind: RefController, ID: 5, UserData: "ab"}, {Kind: RefTable, Table: 11}, {Kind: RefTable}, {Kind: RefTable, Table: 255},
		{Kind: RefTable}, {Kind: RefGroup, ID: 7},
	}
	i := 0
	for r := range a.Refs() {
		if i >= len(want) || r != want[i] {
			t.Errorf("%d: %+v", i, r)
		}
		i++
	}
	if i != len(want) {
		t.Errorf("%d refs", i)
	}
}
