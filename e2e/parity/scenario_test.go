package parity

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	s, err := parse("# all of it\n\nnb ls-add 'a b' \"c\\\"d\" e\\ f # more\ntrace in_port=p0,tcp --ct-next trk,est\n  sb set x y=\"\" \nstep one\nvs add-port br-int p0 # x\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Command{
		{3, "nb", []string{"ls-add", "a b", `c"d`, "e f"}}, {4, "trace", []string{"in_port=p0,tcp", "--ct-next", "trk,est"}},
		{5, "sb", []string{"set", "x", "y="}}, {6, "step", []string{"one"}}, {7, "vs", []string{"add-port", "br-int", "p0"}}, {7, "step", []string{"end"}},
	}
	if diff := cmp.Diff(want, s.Commands); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"nb 'x", "ls-add x", "nb", "trace", "step a b", "nb x\\"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
