package portsecurity

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
)

// TestSwitch asks Open vSwitch which neighbor discovery port security lets pass, in the better way and in ovn-controller's.
func TestSwitch(t *testing.T) {
	const (
		own, other               = "00:00:00:00:00:01", "00:00:00:00:00:02"
		solicits, advertises     = "icmpv6_type=135,icmpv6_code=0,", "icmpv6_type=136,icmpv6_code=0,"
		ownAddress, ownLinkLocal = "nd_target=fd00::5", "nd_target=fe80::200:ff:fe00:1"
		otherAddress             = "nd_target=fd00::6"
	)
	type want struct{ byDefault, by2303 bool }
	packets := map[string]want{
		advertises + ownAddress + ",nd_tll=" + own:   {true, true},
		advertises + ownLinkLocal + ",nd_tll=" + own: {true, false},
		advertises + otherAddress + ",nd_tll=" + own: {false, false},
		advertises + ownAddress + ",nd_tll=" + other: {false, false},
		solicits + otherAddress + ",nd_sll=" + own:   {true, true},
		solicits + otherAddress + ",nd_sll=" + other: {false, true},
		solicits + otherAddress:                      {true, true},
	}
	s := ovstest.Start(t, ovstest.Options{})
	s.Vsctl(t, "add-port", ovstest.Bridge, "a")
	for _, d := range []*dialect.Dialect{dialect.Default(), dialect.OVN2303()} {
		install(t, s, d, own+" fd00::5")
		for packet, want := range packets {
			trace := s.Appctl(t, ovstest.Vswitchd, "ofproto/trace", ovstest.Bridge,
				"in_port=1,icmp6,dl_src="+own+",ipv6_src=fd00::5,nw_ttl=255,"+packet)
			passes := want.byDefault
			if d.MistypedHopLimit {
				passes = want.by2303
			}
			if got := strings.Contains(trace, "100. priority 0"); got != passes {
				t.Errorf("%s: %s passes: %v\n%s", d.Name, packet, got, trace)
			}
		}
	}
}

// install makes the switch's flows those of a port in which a is, with table 100 behind them: packets that pass end with priority 0.
func install(t *testing.T, s *ovstest.Sandbox, d *dialect.Dialect, entry string) {
	flows, err := Flows(d, 3, 2, []string{entry})
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{
		"in_port=a actions=load:3->OXM_OF_METADATA[],load:2->NXM_NX_REG14[],resubmit(,73),resubmit(,100)",
		"table=100,priority=1,reg10=0x1000/0x1000 actions=drop",
		"table=100,priority=0 actions=drop",
	}
	for _, f := range flows {
		lines = append(lines, f.String())
	}
	file := filepath.Join(t.TempDir(), "flows")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Ofctl(t, "replace-flows", ovstest.Bridge, file)
}
