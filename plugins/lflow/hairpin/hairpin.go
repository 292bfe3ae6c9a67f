package hairpin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/address"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Options is what the flows depend on beside the row.
type Options struct {
	// Datapaths are the tunnel keys of the load balancer's datapaths that are local, directly and by its group.
	Datapaths []uint32
	// CTMark says that ovn-northd's logical flows mark connections through a load balancer in ct_mark, not in ct_label (SB_Global,
	// options:lb_hairpin_use_ct_mark).
	CTMark bool
	// Template is the value of a template variable on this chassis. Only load balancers with options:template have any.
	Template func(name string) (value string, ok bool)
}

// Flows makes the flows of a row of Load_Balancer, as consider_lb_hairpin_flows of OVN does (controller/lflow.c). Their cookies are left
// to its UUID.
//
// The error names what is bad, and Is ErrVIP or ErrSNAT. Flows are made of the rest even so.
func Flows(d *dialect.Dialect, row *sb.LoadBalancer, o Options) ([]flow.Flow, error) {
	m := &maker{dialect: d, options: &o, proto: protocol(row.Protocol), keys: map[flow.Key]struct{}{}}
	if id, err := uuid.Parse(row.UUID); err == nil {
		m.cookie = flow.Cookie(binary.BigEndian.Uint32(id[:]))
	}
	m.original = isTrue(row.Options["hairpin_orig_tuple"])
	if text, ok := row.Options["hairpin_snat_ip"]; ok {
		var err error
		if m.snat, err = parseSNAT(text); err != nil {
			m.errs = append(m.errs, err)
		}
	}
	var template func(string) (string, bool)
	if isTrue(row.Options["template"]) {
		template = o.Template
	}
	for _, key := range slices.Sorted(maps.Keys(row.Vips)) {
		v, err := newVIP(key, row.Vips[key], template)
		if err != nil {
			m.errs = append(m.errs, fmt.Errorf("%w %q: %w", ErrVIP, key, err))
			continue
		}
		for _, backend := range v.backends {
			m.detect(v, backend)
		}
		m.translate(v)
	}
	return m.flows, errors.Join(m.errs...)
}

// isTrue reads an option, as smap_get_bool of Open vSwitch does where false is meant otherwise.
func isTrue(text string) bool { return strings.EqualFold(text, "true") }

// snat is options:hairpin_snat_ip: what sources become, of each family one address or none.
type snat struct{ ip4, ip6 netip.Addr }

// of is the address for packets to a VIP, and whether it is another than that.
func (s snat) of(vip netip.Addr) (a netip.Addr, other bool) {
	if a = s.ip6; vip.Is4() {
		a = s.ip4
	}
	if !a.IsValid() {
		return vip, false
	}
	return a, true
}

func parseSNAT(text string) (s snat, err error) {
	ips, err := address.Parse(text)
	if err == nil && len(ips) == 0 {
		err = address.ErrIP
	}
	for _, ip := range ips {
		a := &s.ip6
		if ip.Addr().Is4() {
			a = &s.ip4
		}
		if a.IsValid() || !ip.IsSingleIP() || ip.Addr().IsUnspecified() { // ovn-controller uses freed memory then
			return snat{}, fmt.Errorf("%w %q: one address of each family, or none", ErrSNAT, text)
		}
		*a = ip.Addr()
	}
	if err != nil {
		err = fmt.Errorf("%w %q: %w", ErrSNAT, text, err)
	}
	return s, err
}
