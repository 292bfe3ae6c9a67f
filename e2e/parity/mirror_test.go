package parity

import (
	"slices"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// A zone that ovn-controller uses is mirrored, whatever its bridge says.
func TestZonesInUseAreMirrored(t *testing.T) {
	p := StartPair(t, programs.Folder(t))
	for _, c := range []Command{
		{Tool: "nb", Args: []string{"ls-add", "ls0", "--", "lsp-add", "ls0", "p0"}},
		{Tool: "vs", Args: []string{"add-port", "br-int", "p0", "--", "set", "Interface", "p0", "external_ids:iface-id=p0"}},
	} {
		if err := p.do(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.settle(); err != nil || len(p.strays) > 0 {
		t.Fatal(p.strays, err)
	}
	used := p.own.Vsctl(t, "get", "Bridge", ovstest.Bridge, "external_ids:ct-zone-p0")
	p.ovn.Vsctl(t, "remove", "Bridge", ovstest.Bridge, "external_ids", "ct-zone-p0")
	if err := p.settle(); err != nil || !slices.Equal(p.strays, []string{"p0"}) {
		t.Fatal(p.strays, err)
	}
	if got := p.own.Vsctl(t, "get", "Bridge", ovstest.Bridge, "external_ids:ct-zone-p0"); got != used {
		t.Errorf("mirrored %s, used %s", got, used)
	}
}
