package action

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/sdk/flow"
)

// encodeWith parses and encodes a list, which must succeed up to there.
func encodeWith(t *testing.T, text string, change func(*Options)) error {
	t.Helper()
	s := newScript(t, dialect.Default())
	var list List
	if err := list.Parse(text, s.env, s.place); err != nil {
		t.Fatal(err)
	}
	change(&s.options)
	_, err := list.Encode(&s.options)
	return err
}

func TestNewGroup(t *testing.T) {
	for _, text := range []string{
		`ct_lb_mark(backends=10.0.0.1:80,[fd00::1]:80; hash_fields="ip_src,tcp_dst"; force_snat);`,
		`reg0 = select(1, 2=3);`,
		`fwd_group(childports="a", "b");`,
	} {
		var asked string
		must(t, encodeWith(t, text, func(o *Options) {
			o.SymmetricHash = true
			o.Group = func(text string) (flow.GroupID, bool) { asked = text; return 7, true }
		}))
		g, err := NewGroup(7, asked)
		must(t, err)
		if g.ID != 7 || g.Type != flow.GroupSelect || g.Buckets == "" || !g.IsCanonical() {
			t.Errorf("%s became %+v", asked, g)
		}
	}
	if _, err := NewGroup(7, "type=none"); !errors.Is(err, ErrGroup) {
		t.Errorf("a group of no type: %v", err)
	}
}

func TestNoGroup(t *testing.T) {
	err := encodeWith(t, `reg0 = select(1, 2);`, func(o *Options) { o.Group = nil })
	if !errors.Is(err, ErrNoGroup) || !strings.Contains(err.Error(), "type=select") {
		t.Error(err)
	}
}

// What is no group or meter gets no id: the host would refuse all that is told with a flow that names it.
func TestTextOfNothing(t *testing.T) {
	var members, backends []string
	for i := range 1500 {
		members = append(members, strconv.Itoa(i+1))
		backends = append(backends, fmt.Sprintf("10.0.%d.%d:80", i>>8, i&255))
	}
	for text, want := range map[string]error{
		`ct_lb_mark(backends=` + strings.Join(backends, ",") + `);`:                      ErrGroup,
		`ct_lb_mark(backends=10.0.0.1:80,10.0.0.2:80; hash_fields="bogus");`:             ErrGroup,
		`reg0 = select(` + strings.Join(members, ", ") + `);`:                            ErrGroup,
		`set_meter(4294967296);`:                                                         ErrMeter,
		`set_meter(1, 99999999999);`:                                                     ErrMeter,
		`log(name="x", severity=info, verdict=allow, meter="__string: uuid 0 nothing");`: ErrMeter,
	} {
		err := encodeWith(t, text, func(o *Options) {
			o.Meters = true
			o.Group = func(string) (flow.GroupID, bool) { return 7, true }
			o.Meter = func(string) (flow.MeterID, bool) { return 7, true }
		})
		if !errors.Is(err, want) {
			t.Errorf("%.60s: %v, want %v", text, err, want)
		}
	}
}

func TestNewMeter(t *testing.T) {
	for text, want := range map[string]flow.MeterFlags{
		`set_meter(100);`:     flow.MeterKbps | flow.MeterStats,
		`set_meter(100, 50);`: flow.MeterKbps | flow.MeterStats | flow.MeterBurst,
	} {
		var asked string
		must(t, encodeWith(t, text, func(o *Options) {
			o.Meter = func(text string) (flow.MeterID, bool) { asked = text; return 3, true }
		}))
		m, err := NewMeter(3, asked)
		must(t, err)
		if m.ID != 3 || m.Flags != want || !m.IsCanonical() {
			t.Errorf("%s became %+v", asked, m)
		}
	}
	for _, text := range []string{"acl-log", meterText + "uuid x", meterText + "uuid x foo"} {
		if _, err := NewMeter(3, text); !errors.Is(err, ErrMeter) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestNoMeter(t *testing.T) {
	for _, text := range []string{`set_meter(100);`, `log(verdict=drop, meter="m");`} {
		if err := encodeWith(t, text, func(o *Options) { o.Meter = nil }); !errors.Is(err, ErrNoMeter) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What does not fit is an error and not a corrupt message.
func TestTooLong(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, text := range []string{
		`reg0[0] = put_dhcp_opts(offerip = 1.2.3.4, hostname = "` + long + `");`,
		`reg0[0] = put_dhcpv6_opts(domain_search = "` + strings.Repeat(long, 250) + `");`,
		strings.Repeat(`eth.src = 00:00:00:00:00:01;`, 5000),
		`clone { ` + strings.Repeat(`eth.src = 00:00:00:00:00:01;`, 5000) + ` };`,
	} {
		if err := encodeWith(t, text, func(*Options) {}); !errors.Is(err, ErrTooLong) {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
