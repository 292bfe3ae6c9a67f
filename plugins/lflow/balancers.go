package main

import (
	"slices"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/compiler"
	"github.com/flowhost/flowhost/plugins/lflow/hairpin"
)

// balancers are the load balancers by where they apply.
type balancers struct {
	inDatapath map[uuid.UUID]map[*unit]struct{}
	ofGroup    map[uuid.UUID]map[*unit]struct{}
}

func newBalancers() balancers {
	return balancers{inDatapath: map[uuid.UUID]map[*unit]struct{}{}, ofGroup: map[uuid.UUID]map[*unit]struct{}{}}
}

// place enters a load balancer where its row says, or takes it out from there.
func (b *balancers) place(u *unit, row *sb.LoadBalancer, put func(map[uuid.UUID]map[*unit]struct{}, uuid.UUID, *unit)) {
	for _, text := range row.Datapaths {
		if id, ok := parse(&text); ok {
			put(b.inDatapath, id, u)
		}
	}
	if id, ok := parse(row.DatapathGroup); ok {
		put(b.ofGroup, id, u)
	}
}

func (s *source) setBalancer(c ovsdb.Change) {
	if old, is := c.Old.(*sb.LoadBalancer); is {
		if u := s.units[c.UUID]; u != nil {
			s.balancers.place(u, old, remove)
		}
	}
	u := s.assign(c.UUID, c.New)
	if row, is := c.New.(*sb.LoadBalancer); is {
		s.balancers.place(u, row, enter)
	}
}

// markBalancersIn makes Take make the flows of the load balancers of a datapath anew.
func (s *source) markBalancersIn(datapath uuid.UUID) {
	for u := range s.balancers.inDatapath[datapath] {
		s.mark(u)
	}
	for group := range s.rows.groupsOf[datapath] {
		s.markBalancersOf(group)
	}
}

// markBalancersOf is the same for those of a group.
func (s *source) markBalancersOf(group uuid.UUID) {
	for u := range s.balancers.ofGroup[group] {
		s.mark(u)
	}
}

// balancer makes the hairpin flows of a load balancer.
func (s *source) balancer(u *unit, row *sb.LoadBalancer) (r result) {
	r.unit = u
	in := map[uuid.UUID]struct{}{}
	for _, text := range row.Datapaths {
		if id, ok := parse(&text); ok {
			in[id] = struct{}{}
		}
	}
	if group, ok := parse(row.DatapathGroup); ok {
		for _, id := range s.rows.groups[group] {
			in[id] = struct{}{}
		}
	}
	o := hairpin.Options{CTMark: s.options.hairpinMark, Template: func(name string) (string, bool) {
		r.reads = append(r.reads, compiler.Read{Kind: compiler.Template, Name: name})
		return s.network.Template(name)
	}}
	for id := range in {
		if d, here := s.datapaths[id]; here {
			o.Datapaths = append(o.Datapaths, d.Key)
		}
	}
	if len(o.Datapaths) > 0 {
		slices.Sort(o.Datapaths)
		r.flows, r.err = hairpin.Flows(s.dialect, row, o)
	}
	return r
}

// options are those of SB_Global that matter here.
type options struct {
	hairpinMark bool // lb_hairpin_use_ct_mark
}

func newOptions() options { return options{hairpinMark: true} }

func (s *source) setGlobal(c ovsdb.Change) {
	now := newOptions()
	if row, is := c.New.(*sb.SBGlobal); is {
		now.hairpinMark = row.Options["lb_hairpin_use_ct_mark"] != "false"
	}
	if now == s.options {
		return
	}
	s.options = now
	for _, u := range s.units {
		if _, is := u.row.(*sb.LoadBalancer); is {
			s.mark(u)
		}
	}
}
