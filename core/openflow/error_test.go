package openflow

import (
	"fmt"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// TestErrorNames lets Open vSwitch name each error that has a name here.
func TestErrorNames(t *testing.T) {
	ovstest.Need(t, "ovs-ofctl")
	var (
		names []string
		msgs  [][]byte
	)
	for key, name := range errorNames {
		e := Error{XID: 1, Type: key.typ, Code: key.code, Experimenter: key.experimenter, Data: AppendEchoRequest(nil, 1, nil)}
		names, msgs = append(names, name), append(msgs, AppendError(nil, &e))
	}
	for i, text := range ofpParse(t, msgs) {
		if want := "OFPT_ERROR (OF1.5) (xid=0x1): " + names[i]; text[0] != want {
			t.Errorf("want %q, ovs-ofctl says %q", want, text[0])
		}
	}
}

func TestErrorText(t *testing.T) {
	for _, test := range []struct {
		err  Error
		want string
	}{
		{Error{Type: 2, Code: 9}, "OFPBAC_BAD_OUT_GROUP"},
		{Error{Type: 17, Code: 13}, "OFPBFC_MSG_FAILED"},
		{Error{Type: 0xffff, Code: 21, Experimenter: ExperimenterNicira}, "NXTTMFC_DUP_ENTRY"},
		{Error{Type: 2, Code: 900}, "error type 2, code 900"},
		{Error{Type: 0xffff, Code: 1, Experimenter: ExperimenterONF}, "experimenter 0x4f4e4600 error 1"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("- want: %q\n-  got: %q", test.want, got)
		}
	}
}

func TestErrorNamed(t *testing.T) {
	for _, name := range errorNames {
		e, ok := ErrorNamed(name)
		if !ok || e.Error() != name {
			t.Errorf("%s: %+v, %t", name, e, ok)
		}
		e.XID, e.Data = 77, AppendBarrierRequest(nil, 77)
		back, err := ParseError(AppendError(nil, &e))
		if err != nil || fmt.Sprint(back) != fmt.Sprint(e) {
			t.Errorf("%s: sent %+v, read %+v, %v", name, e, back, err)
		}
	}
	if e, ok := ErrorNamed("OFPBAC_NO_SUCH"); ok {
		t.Errorf("there is no such error, got %+v", e)
	}
}

// TestOffender finds the message that is in error: outside and inside of a bundle, cut short, and not at all.
func TestOffender(t *testing.T) {
	add := AppendFlowAdd(nil, 5, &testFlow)
	bundled := appendBundled(nil, 6, 1, &testFlow)
	for _, test := range []struct {
		name string
		data []byte
		typ  Type
		xid  uint32
		ok   bool
	}{
		{"flow mod", add, TypeFlowMod, 5, true},
		{"flow mod, its header", add[:8], TypeFlowMod, 5, true},
		{"in a bundle", bundled, TypeFlowMod, 6, true},
		{"in a bundle, cut behind the outer header", bundled[:20], TypeBundleAdd, 6, true},
		{"nothing", nil, 0, 0, false},
		{"less than a header", add[:7], 0, 0, false},
	} {
		e := Error{Data: test.data}
		if typ, xid, ok := e.Offender(); typ != test.typ || xid != test.xid || ok != test.ok {
			t.Errorf("%s: %v xid %d %t", test.name, typ, xid, ok)
		}
	}
}

// TestAppendErrorFits cuts the data where the length field ends.
func TestAppendErrorFits(t *testing.T) {
	e := Error{Type: 1, Code: 6, Data: make([]byte, MaxMessageLen)}
	b := AppendError(nil, &e)
	if h, _ := ParseHeader(b); len(b) != MaxMessageLen || int(h.Length) != len(b) {
		t.Errorf("%d bytes, header %+v", len(b), h)
	}
}
