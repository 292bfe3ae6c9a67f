package vectors

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/plugins/lflow/compiler"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/sdk/flow"
)

// TestDeltaBars prints the bars of what it takes to learn what one member more in a large set does, as TestBars does those of matches.
func TestDeltaBars(t *testing.T) {
	if !*bars {
		t.Skip("only with -bars")
	}
	ballast := make([]byte, 64<<20) // as in TestBars
	acl := newACL(500, 10_000, 50)
	took, calibration := measure(300, func() {
		for range 10 {
			acl.delta(t, 0, acl.address)
		}
	})
	us := float64(took.Microseconds()) / 10
	bar(t, "lflow.delta-address", us, "µs", "≤ 100", us <= 100, calibration)
	took, calibration = measure(300, func() {
		for range 10 {
			acl.delta(t, 0, acl.port)
		}
	})
	us = float64(took.Microseconds()) / 10
	bar(t, "lflow.delta-port", us, "µs", "≤ 100", us <= 100, calibration)
	took, calibration = measure(100, func() { compiler.NewChange(compiler.AddressSet, "a", acl.address.Before, acl.address.After) })
	ms := 1000 * took.Seconds()
	bar(t, "lflow.delta-difference", ms, "ms", "≤ 0.5", ms <= 0.5, calibration)
	runtime.KeepAlive(ballast)
}

// acl is an ACL of a group of ports and a set of addresses, in some datapaths, and the changes by which each gets its last member.
type acl struct {
	*compiler.Compiler
	datapaths     []compiler.Datapath
	members       int
	port, address *compiler.Change
}

func newACL(ports, addresses, datapaths int) *acl {
	d := dialect.Default()
	symtab := expr.LogicalFields(d)
	actions, err := action.New(d, symtab, action.OptionTables{})
	must(err)
	n := &aclNetwork{ports: map[string]uint32{}}
	var names, texts []string
	for i := range ports {
		names = append(names, fmt.Sprintf("port%d", i))
		n.ports[names[i]] = uint32(i + 1)
	}
	for i := range addresses {
		texts = append(texts, fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
	}
	n.group = expr.NewPortGroup(names)
	n.set, _ = expr.NewAddressSet("a", texts, d)
	set, _ := expr.NewAddressSet("a", texts[:addresses-1], d)
	a := &acl{
		Compiler: compiler.New(d, symtab, actions, n),
		members:  ports + addresses,
		port:     compiler.NewChange(compiler.PortGroup, "1_p", expr.NewPortGroup(names[:ports-1]), n.group),
		address:  compiler.NewChange(compiler.AddressSet, "a", set, n.set),
	}
	a.Conjunctions = func(_, _ uuid.UUID, _ int) (uint32, bool) { return 7, true }
	for i := range datapaths {
		a.datapaths = append(a.datapaths, compiler.Datapath{ID: uuid.UUID{15: byte(i)}, Key: uint32(i + 1), Switch: true})
	}
	must(a.Read(&compiler.Row{Match: "outport == @p && ip4 && ip4.src == $a && tcp.dst == 80", Actions: "next;"}))
	return a
}

// delta sees that the row gets one flow.
func (a *acl) delta(tb testing.TB, datapath int, change *compiler.Change) {
	added, removed, ok := a.Delta(a.datapaths[datapath], change)
	if !ok || len(added) != 1 || len(removed) != 0 {
		tb.Fatalf("%v, %v, %v", added, removed, ok)
	}
}

func (a *acl) all(tb testing.TB, datapath int) {
	if flows, err := a.Flows(a.datapaths[datapath]); err != nil || len(flows) != a.members+1 {
		tb.Fatalf("%d flows: %v", len(flows), err)
	}
}

// aclNetwork has the same set and the same group everywhere, and all ports are here.
type aclNetwork struct {
	set, group *expr.ConstantSet
	ports      map[string]uint32
}

func (n *aclNetwork) AddressSet(string) *expr.ConstantSet { return n.set }
func (n *aclNetwork) PortGroup(string) *expr.ConstantSet  { return n.group }
func (n *aclNetwork) Template(string) (string, bool)      { return "", false }
func (n *aclNetwork) Related(string) bool                 { return true }
func (n *aclNetwork) Resident(string) bool                { return true }
func (n *aclNetwork) TunnelPort(string) (flow.Port, bool) { return 0, false }
func (n *aclNetwork) Meter(string) bool                   { return false }
func (n *aclNetwork) Collector(uint32) bool               { return false }

func (n *aclNetwork) Port(_ uuid.UUID, name string) (key uint32, ok bool) {
	key, ok = n.ports[name]
	return key, ok
}

// BenchmarkDelta learns what one member more does, and compares that with making all flows anew.
func BenchmarkDelta(b *testing.B) {
	for _, size := range []struct {
		name             string
		ports, addresses int
		change           func(*acl) *compiler.Change
	}{
		{"address to 10000", 500, 10_000, func(a *acl) *compiler.Change { return a.address }},
		{"port to 500", 500, 500, func(a *acl) *compiler.Change { return a.port }},
	} {
		a := newACL(size.ports, size.addresses, 1)
		b.Run(size.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.delta(b, 0, size.change(a))
			}
		})
		b.Run(size.name+", all flows", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.all(b, 0)
			}
		})
	}
}

// BenchmarkDatapaths makes the flows of a row in 50 datapaths.
func BenchmarkDatapaths(b *testing.B) {
	for name, row := range map[string]compiler.Row{
		"fields": {Match: "ip4 && tcp.dst == 80", Actions: "next;"},
		"conjunctions": {
			Match:   "reg0[7] == 1 && (ip4.dst == {10.0.0.1, 10.0.0.2} || ip6.dst == fd00::1) && tcp.dst == {80, 443, 8080}",
			Actions: "reg8 = 1; ct_commit { ct_mark.blocked = 0; }; next;",
		},
		"addresses":           {Match: "ip4.src == $a && tcp", Actions: "next;"},
		"addresses and ports": {Match: "outport == @p && ip4.src == $a && tcp", Actions: "next;"},
	} {
		b.Run(name, func(b *testing.B) {
			a := newACL(5, 100, 50)
			b.ReportAllocs()
			for b.Loop() {
				must(a.Read(&row))
				for _, d := range a.datapaths {
					_, err := a.Flows(d)
					must(err)
				}
			}
		})
	}
}
