package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is rows by UUID.
type world map[uuid.UUID]ovsdb.Model

// id makes the UUID of a thing.
func id(thing string, n int) uuid.UUID {
	return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%s %d", thing, n))
}

func text(thing string, n int) string { return id(thing, n).String() }

func pick[T any](t *rapid.T, from ...T) T { return rapid.SampledFrom(from).Draw(t, "pick") }

func maybe[T any](t *rapid.T, value T) *T {
	if rapid.Bool().Draw(t, "set") {
		return &value
	}
	return nil
}

// some draws some of a list, in its order.
func some(t *rapid.T, from ...string) (list []string) {
	for _, s := range from {
		if rapid.Bool().Draw(t, "in") {
			list = append(list, s)
		}
	}
	return list
}

func texts(thing string, n int) (list []string) {
	for i := range n {
		list = append(list, text(thing, i))
	}
	return list
}

// kinds are the things in a world, and how many of each.
var kinds = map[string]int{
	"open": 1, "bridge": 1, "port": 3, "interface": 3, "vdatapath": 1, "collector": 2, "chassis": 2, "group": 1, "member": 2, "datapath": 3,
	"dpgroup": 2, "binding": 4, "multicast": 2, "set": 3, "pg": 2, "template": 2, "meter": 2, "band": 2, "option": 2, "lb": 2, "flow": 8,
	"global": 1,
}

var names = []string{"p0", "p1", "p2", "p3"}

// edit draws a row that changes; nil: it goes.
func (w world) edit(t *rapid.T) (uuid.UUID, ovsdb.Model) {
	var things []string
	for _, thing := range slices.Sorted(maps.Keys(kinds)) {
		things = append(things, slices.Repeat([]string{thing}, kinds[thing])...)
	}
	thing := pick(t, things...)
	n := rapid.IntRange(0, kinds[thing]-1).Draw(t, "n")
	if thing != "band" && rapid.IntRange(0, 5).Draw(t, "gone") == 0 { // the database keeps bands as long as a meter names them
		return id(thing, n), nil
	}
	return id(thing, n), draw(t, thing, n)
}

// remade are the things that remake makes anew, which others name by their names or not at all.
var remade = []string{"binding", "multicast", "set", "pg", "template", "meter", "lb", "flow", "option"}

// other is the second UUID that a thing may have.
func other(at uuid.UUID) uuid.UUID { return uuid.NewSHA1(at, []byte("anew")) }

// remake deletes a row and makes it anew under another UUID, as one batch may have it: in any order.
func (w world) remake(t *rapid.T, edited map[uuid.UUID]bool, feed func(uuid.UUID, ovsdb.Model)) {
	thing := pick(t, remade...)
	n := rapid.IntRange(0, kinds[thing]-1).Draw(t, "n")
	from, to := id(thing, n), other(id(thing, n))
	if w[from] == nil {
		from, to = to, from
	}
	if w[from] == nil || w[to] != nil || edited[from] || edited[to] {
		return
	}
	row := w[from]
	if rapid.Bool().Draw(t, "another") {
		row = draw(t, thing, n)
	}
	if binding, is := row.(*sb.PortBinding); is {
		moved := *binding
		moved.UUID = to.String()
		row = &moved
	}
	edited[from], edited[to] = true, true
	if rapid.Bool().Draw(t, "new first") {
		feed(to, row)
		feed(from, nil)
	} else {
		feed(from, nil)
		feed(to, row)
	}
}

// isTaken says whether a thing is there under its other UUID.
func (w world) isTaken(at uuid.UUID, row ovsdb.Model) bool { return row != nil && w[other(at)] != nil }

func draw(t *rapid.T, thing string, n int) ovsdb.Model {
	switch thing {
	case "open":
		return &vswitch.OpenvSwitch{ExternalIDs: map[string]string{"system-id": pick(t, "c0", "c0", "c1")}, Datapaths: map[string]string{"system": text("vdatapath", 0)}}
	case "bridge":
		return &vswitch.Bridge{Name: "br-int", Ports: texts("port", 3)}
	case "port":
		return &vswitch.Port{Interfaces: []string{text("interface", n)},
			ExternalIDs: map[string]string{pick(t, "x", "ovn-chassis-id"): pick(t, "c1@1.1.1.1", "c1@2.2.2.2")}}
	case "interface":
		return &vswitch.Interface{Type: pick(t, "", "geneve"), Ofport: maybe(t, n+1), ExternalIDs: map[string]string{"iface-id": pick(t, names...)},
			BFDStatus: map[string]string{"state": pick(t, "up", "down")}}
	case "vdatapath":
		return &vswitch.Datapath{Capabilities: map[string]string{"ct_zero_snat": pick(t, "true", "false"), "max_hash_alg": pick(t, "0", "1")}}
	case "collector":
		return &vswitch.FlowSampleCollectorSet{ID: pick(t, 1, 2)}
	case "chassis":
		return &sb.Chassis{UUID: text("chassis", n), Name: fmt.Sprint("c", n)}
	case "group":
		return &sb.HAChassisGroup{HaChassis: some(t, texts("member", 2)...)}
	case "member":
		return &sb.HAChassis{Chassis: maybe(t, text("chassis", n)), Priority: pick(t, 1, 2)}
	case "datapath":
		return &sb.DatapathBinding{UUID: text("datapath", n), TunnelKey: n + 1 + pick(t, 0, 0, 10),
			ExternalIDs: map[string]string{pick(t, "logical-switch", "logical-router"): "x", pick(t, "y", "snat-ct-zone"): "1"}}
	}
	return drawSouthbound(t, thing, n)
}

func drawSouthbound(t *rapid.T, thing string, n int) ovsdb.Model {
	switch thing {
	case "dpgroup":
		return &sb.LogicalDPGroup{Datapaths: some(t, texts("datapath", 3)...)}
	case "binding":
		return &sb.PortBinding{UUID: text("binding", n), LogicalPort: names[n], TunnelKey: n + 1 + pick(t, 0, 0, 10), Datapath: text("datapath", pick(t, 0, 0, 1, 2)),
			Type: pick(t, "", "", "", "patch", "localport", "chassisredirect", "l3gateway"), Chassis: maybe(t, text("chassis", pick(t, 0, 1))),
			HaChassisGroup: maybe(t, text("group", 0)), PortSecurity: some(t, "0a:00:00:00:00:01 10.0.0.1", "0a:00:00:00:00:02 fd00::1"),
			Options: map[string]string{"peer": pick(t, names...), "l3gateway-chassis": "c0"}}
	case "multicast":
		return &sb.MulticastGroup{Datapath: text("datapath", n), Name: pick(t, "_MC_flood", "_MC_unknown"), TunnelKey: 32768 + pick(t, 0, 1)}
	case "set":
		if n == 2 { // is negated, which multiplies
			return &sb.AddressSet{Name: "s2", Addresses: some(t, "10.0.0.1", "10.0.0.2")}
		}
		return &sb.AddressSet{Name: fmt.Sprint("s", n), Addresses: some(t, "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.0/30", "10.1.0.0/16", "fd00::1")}
	case "pg":
		return &sb.PortGroup{Name: fmt.Sprint(pick(t, 1, 2, 3), "_pg", n), Ports: some(t, names...)}
	case "template":
		return &sb.ChassisTemplateVar{Chassis: fmt.Sprint("c", n), Variables: map[string]string{"v": pick(t, "10.0.0.9", "10.0.0.8"), "w": pick(t, `"p0"`, `"p1"`, "bad"), "n": pick(t, "80", "81")}}
	case "meter":
		return &sb.Meter{Name: fmt.Sprint("m", n), Unit: pick(t, "kbps", "pktps"), Bands: texts("band", pick(t, 1, 2))}
	case "band":
		return &sb.MeterBand{Action: "drop", Rate: pick(t, 100, 200)}
	case "option":
		return &sb.DHCPOptions{Name: pick(t, "router", "netmask"), Code: pick(t, 1, 3), Type: "ipv4"}
	case "lb":
		return &sb.LoadBalancer{Datapaths: some(t, texts("datapath", 3)...), DatapathGroup: maybe(t, text("dpgroup", 0)),
			Protocol: maybe(t, pick(t, "tcp", "udp")), Vips: map[string]string{pick(t, "10.9.0.1:80", "^v:^n"): pick(t, "10.0.0.1:80", "10.0.0.1:80,10.0.0.2:80", "^v:80")},
			Options: map[string]string{"hairpin_orig_tuple": "true", "hairpin_snat_ip": pick(t, "", "10.9.0.9")}}
	case "global":
		return &sb.SBGlobal{Options: map[string]string{"lb_hairpin_use_ct_mark": pick(t, "true", "false")}}
	}
	return drawFlow(t)
}

func drawFlow(t *rapid.T) *sb.LogicalFlow {
	row := &sb.LogicalFlow{Pipeline: pick(t, "ingress", "egress"), TableID: pick(t, 0, 5), Priority: pick(t, 1, 2),
		Match: pick(t, "1", "ip4.src == $s0", "ip4.src == $s0 && outport == @pg0", "ip4.src == $s0 && ip4.dst == $s1 && tcp.dst == {1, 2}",
			"inport == @pg0", "outport == @pg1 && ip6", `inport == "p0"`, `outport == "p1" && is_chassis_resident("p2")`,
			`is_chassis_resident("p0") && ip4.dst == ^v`, "ip4.src != $s2", `inport == {"p0", "p2"} && ip4.dst == {10.0.0.1, 10.0.0.2}`,
			"inport == @pg0 || inport == @pg1", "inport == @pg0 && outport == @pg1", `inport == @pg0 || inport == ^w`, "no such thing"),
		Actions: pick(t, "next;", "drop;", "ct_commit; next;", "ct_lb_mark(backends=10.0.0.1:80,10.0.0.2:80);", `outport = "_MC_flood"; output;`,
			`outport = "p3"; next;`, "set_meter(100); next;", `log(meter="m0", name="x"); next;`, "arp { eth.dst = ff:ff:ff:ff:ff:ff; };",
			"reg0[3] = put_dhcp_opts(offerip = 10.0.0.4, router = 10.0.0.1); next;", `fwd_group(liveness="true", childports="p0","p1");`,
			"sample(probability=65535,collector_set=1,obs_domain=0,obs_point=1); next;", "bad;"),
		ControllerMeter: maybe(t, "m1"), Tags: map[string]string{},
	}
	if rapid.Bool().Draw(t, "grouped") {
		row.LogicalDpGroup = new(string)
		*row.LogicalDpGroup = text("dpgroup", pick(t, 0, 1))
	} else {
		row.LogicalDatapath = new(string)
		*row.LogicalDatapath = text("datapath", pick(t, 0, 1, 2))
	}
	if rapid.IntRange(0, 4).Draw(t, "tag") == 0 {
		row.Tags["in_out_port"] = pick(t, names...)
	}
	return row
}

// held is a host: it knows what it was told.
type held struct {
	Flows  map[uuid.UUID][]string
	Groups map[flow.GroupID]string
	Meters map[flow.MeterID]string
	Marks  map[string]string

	flows map[uuid.UUID]map[flow.Key]flow.Flow
}

func newHeld() *held {
	return &held{map[uuid.UUID][]string{}, map[flow.GroupID]string{}, map[flow.MeterID]string{}, map[string]string{},
		map[uuid.UUID]map[flow.Key]flow.Flow{}}
}

// hear takes in what the source says, and returns how many flows were told of.
func (h *held) hear(s *source, max int) (told int) {
	for {
		operations, marks := s.Take(max)
		for i := range operations {
			told += len(operations[i].Flows) + len(operations[i].Remove)
			h.take(&operations[i])
		}
		for _, m := range marks {
			if h.Marks[m.Name] = m.Value; m.Value == "" {
				delete(h.Marks, m.Name)
			}
		}
		if len(operations) < max && len(marks) < max {
			break
		}
	}
	clear(h.Flows)
	for id, flows := range h.flows {
		for _, f := range flows {
			h.Flows[id] = append(h.Flows[id], f.String())
		}
		slices.Sort(h.Flows[id])
	}
	return told
}

func (h *held) take(o *feed.Operation) {
	for _, g := range o.Groups {
		h.Groups[g.ID] = g.String()
	}
	for _, m := range o.Meters {
		h.Meters[m.ID] = m.String()
	}
	if h.flows[o.ID] == nil || !o.Keep {
		h.flows[o.ID] = map[flow.Key]flow.Flow{}
	}
	for _, key := range o.Remove {
		delete(h.flows[o.ID], key)
	}
	for _, f := range o.Flows {
		if _, is := h.flows[o.ID][f.Key]; !is { // sdk.Txn.Add
			h.flows[o.ID][f.Key] = f
		}
	}
	if len(h.flows[o.ID]) == 0 {
		delete(h.flows, o.ID)
	}
	for _, id := range o.RemoveGroups {
		delete(h.Groups, id)
	}
	for _, id := range o.RemoveMeters {
		delete(h.Meters, id)
	}
}

func newTestSource(processors int) *source { return newSourceOf(dialect.OVN2303(), processors) }

func newSourceOf(d *dialect.Dialect, processors int) *source {
	all := []sdk.Range{{First: 1, Last: 0xffffff}}
	s, err := newSource("br-int", d, ranges{groups: all, meters: all, conjunctions: all}, processors, func(string, error) {})
	if err != nil {
		panic(err)
	}
	return s
}

// load feeds a source with all rows, in an order that seed decides.
func load(s *source, w world, seed uint64) {
	order := slices.SortedFunc(maps.Keys(w), func(a, b uuid.UUID) int {
		x, y := uuid.NewSHA1(a, fmt.Append(nil, seed)), uuid.NewSHA1(b, fmt.Append(nil, seed))
		return cmp.Compare(x.String(), y.String())
	})
	for _, at := range order {
		s.Change("", ovsdb.Change{UUID: at, New: w[at]})
	}
	s.Settle()
}

func fresh(d *dialect.Dialect, w world, seed uint64) *held {
	s := newSourceOf(d, 1)
	load(s, w, seed)
	h := newHeld()
	h.hear(s, 1000)
	return h
}

// However rows come, go and change, the host ends up with what follows when everything is worked out from nothing, in any order; and
// to work it out anew changes nothing.
func TestIncrementalIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := pick(t, dialect.OVN2303(), dialect.Default())
		s := newSourceOf(d, pick(t, 1, 2))
		w, host := world{}, newHeld()
		feed := func(at uuid.UUID, row ovsdb.Model) {
			old := w[at]
			if delete(w, at); row != nil {
				w[at] = row
			}
			if old != nil || row != nil {
				s.Change("", ovsdb.Change{UUID: at, Old: old, New: row})
			}
		}
		for _, thing := range slices.Sorted(maps.Keys(kinds)) {
			for i := range kinds[thing] {
				feed(id(thing, i), draw(t, thing, i))
			}
		}
		for n := range rapid.IntRange(1, 15).Draw(t, "batches") {
			edited := map[uuid.UUID]bool{} // a batch has each row once
			for range rapid.IntRange(1, 3).Draw(t, "edits") {
				if rapid.IntRange(0, 3).Draw(t, "again") == 0 {
					w.remake(t, edited, feed)
					continue
				}
				if at, row := w.edit(t); !edited[at] && !w.isTaken(at, row) {
					edited[at] = true
					feed(at, row)
				}
			}
			s.Settle()
			if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
				host = newHeld()
				s.Restart()
			}
			host.hear(s, pick(t, 1, 3, 1000))
			s.told()()
			if diff := gocmp.Diff(fresh(d, w, uint64(n)), host, gocmp.FilterPath(unexported, gocmp.Ignore())); diff != "" {
				t.Fatalf("-from nothing +step by step\n%s", diff)
			}
			before := maps.Clone(host.Flows)
			s.recompute()
			host.hear(s, 1000)
			if diff := gocmp.Diff(before, host.Flows); diff != "" {
				t.Fatalf("recomputed: -before +after\n%s", diff)
			}
		}
		for at := range maps.Clone(w) {
			feed(at, nil)
		}
		s.Settle()
		host.hear(s, 1000)
		if n := len(host.Flows) + len(host.Marks) + len(host.Groups) + len(host.Meters); n != 0 {
			t.Fatalf("of no rows the host has %v", host)
		}
		for what, n := range map[string]int{
			"units": len(s.units), "facts": len(s.index.facts), "facts by port": len(s.index.byPort), "facts by kind": len(s.index.byKind),
			"logical flows by datapath": len(s.rows.ofDatapath), "by group": len(s.rows.ofGroup), "groups": len(s.rows.groups) + len(s.rows.groupsOf),
			"balancers": len(s.balancers.inDatapath) + len(s.balancers.ofGroup), "datapaths": len(s.datapaths),
		} {
			if n != 0 {
				for _, u := range s.units {
					t.Logf("%+v", *u)
				}
				t.Errorf("%d %s are remembered of no rows", n, what)
			}
		}
	})
}

func unexported(p gocmp.Path) bool { return p.Last().String() == ".flows" }
