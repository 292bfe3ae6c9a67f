package action

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/golden"
	"github.com/flowhost/flowhost/sdk/flow"
)

// TestScripts runs the scripts of testdata, one for each family of actions.
func TestScripts(t *testing.T) {
	golden.Test(t, "testdata/*.txt", func(t *testing.T) golden.Command {
		s := newScript(t, dialect.Default())
		return func(t *testing.T, out *strings.Builder, name, rest string) {
			switch name {
			case "dialect":
				s = newScript(t, golden.Dialect(t, rest))
			case "with":
				s.with(t, strings.Fields(rest))
			case ">":
				s.actions(t, out, rest)
			}
		}
	})
}

// testOptions are DHCP options of each type.
var testOptions = OptionTables{
	DHCPv4: []Option{
		{"offerip", 0, OptionIPv4}, {"netmask", 1, OptionIPv4}, {"dns_server", 6, OptionIPv4}, {"hostname", 12, OptionStr},
		{"ip_forward_enable", 19, OptionBool}, {"mtu", 26, OptionUint16}, {"lease_time", 51, OptionUint32}, {"tcp_ttl", 37, OptionUint8},
		{"tftp_server", 66, OptionHostID}, {"bootfile_name", 67, OptionStr}, {"domain_search_list", 119, OptionDomains},
		{"classless_static_route", 121, OptionStaticRoutes}, {"next_server", 253, OptionIPv4}, {"bootfile_name_alt", 254, OptionStr},
	},
	DHCPv6: []Option{
		{"server_id", 2, OptionMAC}, {"ia_addr", 5, OptionIPv6}, {"domain_search", 24, OptionStr}, {"fqdn", 39, OptionDomain},
	},
}

func testEnv(t testing.TB, d *dialect.Dialect) *Env {
	env, err := New(d, expr.LogicalFields(d), testOptions)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// script is what the lines so far have set.
type script struct {
	env     *Env
	place   Place
	options Options
	texts   []string // of groups and meters, by id
}

// testPlace is where actions of tests stand unless they say something else.
func testPlace() Place { return Place{Table: 10, Ingress: 24, Egress: 20} }

func newScript(t testing.TB, d *dialect.Dialect) *script {
	s := &script{env: testEnv(t, d), place: testPlace()}
	s.options = Options{
		Switch: true, Datapath: 0x123456, UUID: [16]byte{0xaa, 0xbb, 0xcc, 0xdd},
		Port: func(name string) (uint32, bool) {
			key := uint32(strings.Index("..............ab", name) + 1)
			return key, key > 0 && len(name) == 1
		},
		TunnelPort: func(name string) (flow.Port, bool) { return 7, name == "a" },
		Resident:   func(port string) bool { return port == "a" },
		Collector:  func(id uint32) bool { return id == 5 },
		Group: func(text string) (flow.GroupID, bool) {
			s.texts = append(s.texts, text)
			return flow.GroupID(len(s.texts)), true
		},
		Meter: func(text string) (flow.MeterID, bool) {
			s.texts = append(s.texts, text)
			return flow.MeterID(len(s.texts)), text != "unknown"
		},
	}
	return s
}

// with sets what the datapath and the place are like; what is not said is as it was at first.
func (s *script) with(t *testing.T, words []string) {
	o := &s.options
	s.place = testPlace()
	o.Switch = !slices.Contains(words, "router")
	o.SNATZone = slices.Contains(words, "snat-zone")
	o.ZeroSNAT = slices.Contains(words, "zero-snat")
	o.SymmetricHash = slices.Contains(words, "symmetric-hash")
	o.Meters = slices.Contains(words, "meters")
	o.ControllerMeter = 0
	if slices.Contains(words, "controller-meter") {
		o.ControllerMeter = 99
	}
	if slices.Contains(words, "egress") {
		s.place.Pipeline = Egress
	}
	if slices.Contains(words, "last") {
		s.place.Table = s.place.tables(s.place.Pipeline)
	}
	if slices.Contains(words, "tableless") {
		s.place = Place{}
	}
}

// actions writes what becomes of one list.
func (s *script) actions(t *testing.T, out *strings.Builder, text string) {
	var list List
	s.texts = nil
	if err := list.Parse(text, s.env, s.place); err != nil {
		fmt.Fprintf(out, "  error: %s\n", err)
		return
	}
	printed := list.String()
	if printed != text {
		fmt.Fprintf(out, "  text: %s\n", printed)
	}
	if !list.Prereqs().Empty() {
		fmt.Fprintf(out, "  needs: %s\n", list.Prereqs())
	}
	actions, err := list.Encode(&s.options)
	if err != nil {
		fmt.Fprintf(out, "  cannot be encoded: %s\n", err)
		return
	}
	if !actions.IsCanonical() {
		t.Errorf("%s: %x is not canonical", text, string(actions))
	}
	fmt.Fprintf(out, "  = %s\n", cmp.Or(actions.String(), "drop"))
	for i, text := range s.texts {
		fmt.Fprintf(out, "  %d: %s\n", i+1, text)
	}
	if err := list.Parse(printed, s.env, s.place); err != nil || list.String() != printed {
		t.Errorf("%q became %q, %v", printed, list.String(), err)
	}
	if again, err := list.Encode(&s.options); err == nil && len(s.texts) == 0 && again != actions {
		t.Errorf("%q became other actions: %s", printed, again)
	}
}
