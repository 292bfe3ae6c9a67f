package parity

import (
	"strings"
	"testing"
)

// Of two ACLs that say different things of the same packets one is in the switch, and who asks which one is not is told by the logical flow.
func TestConflictNamesTheACL(t *testing.T) {
	folder := programs.Folder(t)
	p := StartPair(t, folder)
	if !p.hasAll() {
		t.Skip("flowhost has not all sources")
	}
	p.recompute = false
	for _, c := range []Command{
		{Tool: "nb", Args: []string{"ls-add", "ls0", "--", "lsp-add", "ls0", "p0", "--", "lsp-set-addresses", "p0", "0a:00:00:00:00:01 10.0.0.1"}},
		{Tool: "vs", Args: []string{"add-port", "br-int", "p0", "--", "set", "Interface", "p0", "external_ids:iface-id=p0"}},
		{Tool: "nb", Args: []string{"acl-add", "ls0", "to-lport", "1006", `outport == "p0" && ip4.src == 10.1.0.1`, "allow"}},
		{Tool: "nb", Args: []string{"acl-add", "ls0", "to-lport", "1006", `outport == "p0" && ip4.src == 10.1.0.1 && ip4`, "drop"}},
	} {
		if err := p.do(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.settle(); err != nil {
		t.Fatal(err)
	}
	out, err := p.own.Run(p.flowhost(), "conflicts", "--socket="+p.socket())
	t.Logf("flowhost conflicts:\n%s", out)
	for _, want := range []string{
		`(Logical_Flow of ls0: egress table=`, `(ls_out_acl), priority=2006, match=(outport == "p0" && ip4.src == 10.1.0.1 && ip4), action=(`,
		`(ls_out_acl), priority=2006, match=(outport == "p0" && ip4.src == 10.1.0.1), action=(`, ", of northbound ",
	} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%v, lacks %q", err, want)
		}
	}
}
