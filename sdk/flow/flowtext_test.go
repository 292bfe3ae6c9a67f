package flow

import "testing"

func TestFlowString(t *testing.T) {
	metadata, err := NewMatch(Metadata.Is(1))
	if err != nil {
		t.Fatal(err)
	}
	set, err := NewActions(SetField(Reg[15], 2))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		flow Flow
		want string
	}{
		{Flow{}, "priority=0 actions=drop"},
		{Flow{Key: Key{Priority: 32768}}, "actions=drop"},
		{Flow{Key: Key{Priority: 32768}, Cookie: 5}, "cookie=0x5, actions=drop"},
		{Flow{Key: Key{Table: 3, Priority: 32768}}, "table=3, actions=drop"},
		{Flow{Key: Key{Table: 71, Priority: 100, Match: metadata}, Actions: set, Cookie: 0x5c989c19},
			"cookie=0x5c989c19, table=71, priority=100,metadata=0x1 actions=set_field:0x2->reg15"},
	} {
		if got := tc.flow.String(); got != tc.want {
			t.Errorf("\n- want %s\n-  got %s", tc.want, got)
		}
	}
}
