package action

import (
	"sync"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
)

// One Env serves any number of goroutines, each with its own List.
func TestEnvIsShared(t *testing.T) {
	s := newScript(t, dialect.OVN2303())
	options := s.options
	options.Group, options.Meter = nil, nil
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var list List
			for range 100 {
				err := list.Parse(`reg0[0] = lookup_nd(inport, nd.target, nd.tll); igmp; ct_snat_to_vip; reject { ip.ttl--; };`, s.env, s.place)
				if err == nil {
					_, err = list.Encode(&options)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// A symbol table without what actions need is refused, when the Env is made and not when it is used.
func TestNewWithoutSymbols(t *testing.T) {
	if _, err := New(dialect.Default(), expr.NewSymtab(), OptionTables{}); err == nil {
		t.Error("an empty symbol table is taken")
	}
}

// What is in one version only is an error in the other.
func TestReleases(t *testing.T) {
	for text, release := range map[string]dialect.Release{
		`ct_lb;`: dialect.Release2303, `ct_commit(ct_mark=1);`: dialect.Release2303,
		`mirror("a");`: dialect.Release2603, `ct_next(dnat);`: dialect.Release2603, `ct_commit_to_zone(snat);`: dialect.Release2603,
		`mac_cache_use;`: dialect.Release2603, `flood_remote;`: dialect.Release2603, `log(verdict=pass);`: dialect.Release2603,
		`reg0[0] = chk_evpn_arp(reg0);`: dialect.Release2603, `reg1 = ct_nw_dst();`: dialect.Release2603,
		`sample(probability=1,obs_point=reg0);`: dialect.Release2603,
	} {
		for _, d := range []*dialect.Dialect{dialect.Default(), dialect.OVN2303(), dialect.OVN2603()} {
			var list List
			if err := list.Parse(text, testEnv(t, d), testPlace()); (err == nil) != (d.Release == release) {
				t.Errorf("%s in %s: %v", text, d.Name, err)
			}
		}
	}
}
