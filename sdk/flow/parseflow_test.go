package flow

import (
	"errors"
	"strings"
	"testing"
)

func TestParseFlowReadsWhatStringPrints(t *testing.T) {
	for _, c := range captures(t) {
		f, err := ParseFlow(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := f.String(); got != c.text {
			t.Errorf("\n- want %s\n-  got %s", c.text, got)
		}
	}
}

func TestParseFlowRefuses(t *testing.T) {
	for _, tc := range []struct {
		text   string
		what   string
		offset int
		cause  error
	}{
		{"", "", 0, errNoActions},
		{"table=1", "", 7, errNoActions},
		{"table=254,actions=drop", "table", 0, errTable},
		{"idle_timeout=5,actions=drop", "idle_timeout", 0, errNotDesired},
		{"send_flow_rem,actions=drop", "send_flow_rem", 0, errNotDesired},
		{"reg0=1,nosuch=5,actions=drop", "nosuch", 7, errField},
		{"reg0=x,actions=drop", "reg0", 0, errNumber},
		{"ip,nw_src=1.2.3,actions=drop", "nw_src", 3, errAddress},
		{"tp_src=5,actions=drop", "tp_src", 0, errNeed},
		{"in_port=veth0,actions=drop", "in_port", 0, errPortID},
		{"ct_state=+nosuch,actions=drop", "ct_state", 0, errFlag},
		{"actions=drop,output:1", "drop", 8, errDrop},
		{"actions=output:1,nosuch(5)", "nosuch", 17, errNoAction},
		{"actions=clone(output:1,nosuch)", "nosuch", 23, errNoAction},
		{"actions=clone(output:1", "clone", 8, errUnbalanced},
		{"actions=set_field:5", "set_field", 8, errArrow},
		{"actions=load:5->reg0[30..40]", "load", 8, errPart},
		{"actions=ct(nosuch=5)", "nosuch", 11, errArgument},
		{"actions=" + strings.Repeat("clone(", 40) + strings.Repeat(")", 40), "clone", 8, errNested},
	} {
		_, err := ParseFlow(tc.text)
		var e *Error
		if !errors.As(err, &e) || e.What != tc.what || e.Offset != tc.offset || !errors.Is(err, ErrSyntax) || !errors.Is(err, tc.cause) {
			t.Errorf("%q: want %s at %d: %v; got %v", tc.text, tc.what, tc.offset, tc.cause, err)
		}
	}
}
