package parity

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestActionNames(t *testing.T) {
	for text, want := range map[string][]string{
		"drop":                             {"drop"},
		"set_field:0x1->reg0,resubmit(,8)": {"resubmit", "set_field"},
		"controller(userdata=00.00.00.0a.00.00.00.00,pause)":                                           {"controller", "controller 0a", "pause"},
		"ct(commit,table=44,zone=NXM_NX_REG12[0..15],nat(src=10.0.0.1),exec(move:reg0[]->ct_label[]))": {"commit", "ct", "exec", "move", "nat", "nat src"},
		"clone(ct_clear,resubmit(,8))":                                                                 {"clone", "ct_clear", "resubmit"},
	} {
		if diff := cmp.Diff(want, actionNames(text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// A change bites if flows are others after it. Steps of several changes, and the first, say nothing about one.
func TestTallyCountsWhatBites(t *testing.T) {
	flows := func(actions ...string) map[Key]Flow {
		all := make(map[Key]Flow)
		for i, a := range actions {
			f := Flow{Key: Key{Table: 8, Priority: i}, Actions: a}
			all[f.Key] = f
		}
		return all
	}
	tally := newTally()
	tally.step("1, NAT", flows("drop"))
	tally.step("2, NAT", flows("drop", "ct_clear"))
	tally.step("3, NAT", flows("drop", "ct_clear"))
	tally.step("4, NAT, ACL", flows("drop"))
	tally.step("5, ACL", flows("drop"))
	var out strings.Builder
	tally.Report(&out)
	want := `walk: of 3 steps of one change, 1 made ovn-controller's flows others: NAT 1/2
walk: and these did not: ACL 0/1
walk: most flows by table: 8 2
walk: most flows by action: ct_clear 1, drop 1
walk: most flows by stage, 0 stages of 0 lines of ovn-northd: 
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
