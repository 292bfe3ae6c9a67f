package flow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

// drawGroup draws a group of any type.
func drawGroup(t *rapid.T) flow.Group {
	k := kindNamed("any")
	spec := flow.GroupSpec{ID: 1000, Type: flow.GroupType(rapid.IntRange(0, 3).Draw(t, "type"))}
	n := rapid.IntRange(0, 6).Draw(t, "buckets")
	if spec.Type == flow.GroupIndirect {
		n = 1
	}
	for i := range n {
		b := flow.Bucket{ID: uint32(i), Actions: []flow.Action{drawSet(t, k), flow.Output(port(t))}}
		switch spec.Type {
		case flow.GroupSelect:
			b.Weight = u16(t, "weight")
		case flow.GroupFastFailover:
			if b.WatchPort = flow.Port(rapid.IntRange(0, 9).Draw(t, "port")); b.WatchPort == 0 {
				b.WatchGroup, b.Watches = 7, true
			}
		}
		spec.Buckets = append(spec.Buckets, b)
	}
	if spec.Type == flow.GroupSelect {
		spec.Method = drawMethod(t)
	}
	g, err := flow.NewGroup(spec)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func drawMethod(t *rapid.T) flow.SelectionMethod {
	m := flow.SelectionMethod{Name: rapid.SampledFrom([]string{"", flow.MethodHash, flow.MethodDPHash}).Draw(t, "method")}
	if m.Name != "" {
		m.Param = rapid.Uint64().Draw(t, "param")
	}
	if m.Name == flow.MethodHash {
		for _, f := range []*flow.Field{flow.TCPDst, flow.IPProto, flow.IPSrc, flow.EthType, flow.EthSrc, flow.Reg[3], flow.Metadata, flow.CTMark, flow.IPv6Dst, flow.InPortOXM} {
			if rapid.Bool().Draw(t, f.Name()) {
				m.Fields = append(m.Fields, f.Is(0))
			}
		}
		m.Fields = append(m.Fields, flow.XReg[5].IsMasked(0, rapid.Uint64Range(1, 1<<64-1).Draw(t, "mask")))
	}
	return m
}

// groups are the groups of the switch, canonical.
func (s *realSwitch) groups() (groups []flow.Group) {
	s.t.Helper()
	s.xid++
	s.send(openflow.AppendGroupDescRequest(nil, s.xid, openflow.GroupAll))
	for {
		h, msg := s.receive()
		if h.Type != openflow.TypeMultipartReply {
			continue
		}
		for d, err := range openflow.GroupDescs(msg) {
			if err != nil {
				s.t.Fatal(err)
			}
			g, err := flow.CanonicalGroup(flow.GroupID(d.ID), flow.GroupType(d.Type), d.Buckets, d.Properties)
			if err != nil {
				s.t.Fatalf("group %d: %v: %x %x", d.ID, err, d.Buckets, d.Properties)
			}
			groups = append(groups, g)
		}
		if m, err := openflow.ParseMultipart(msg); err != nil {
			s.t.Fatal(err)
		} else if !m.More {
			return groups
		}
	}
}

func (s *realSwitch) setGroup(cmd openflow.GroupCommand, g flow.Group) {
	s.xid++
	s.send(openflow.AppendGroupMod(nil, s.xid, cmd, &openflow.Group{
		ID: uint32(g.ID), Type: openflow.GroupType(g.Type), Buckets: []byte(g.Buckets), Properties: []byte(g.Properties),
	}))
}

// TestRealGroups sends groups of all types to ovs-vswitchd: each must come back equal, be printed alike, and be read by both.
func TestRealGroups(t *testing.T) {
	s := startSwitch(t)
	types := map[flow.GroupType]int{}
	setChecks(t, 40)
	rapid.Check(t, func(rt *rapid.T) {
		g := drawGroup(rt)
		s.setGroup(openflow.GroupDelete, flow.Group{ID: g.ID})
		s.setGroup(openflow.GroupAdd, g)
		for _, err := range s.barrier() {
			rt.Errorf("refused: %v: %s", err, g)
		}
		if !slices.Contains(s.groups(), g) {
			rt.Errorf("came back as something else: %s", g)
		}
		types[g.Type]++
		if unreadable.MatchString(g.String()) {
			return
		}
		if back, err := flow.ParseGroup(g.String()); err != nil || back != g {
			rt.Errorf("does not read what it prints: %v\n- %s\n- %s", err, g, back)
		}
		theirs := s.Ofctl(t, "--no-names", "dump-groups", s.Mgmt(ovstest.Bridge), fmt.Sprint(g.ID))
		if !slices.Contains(strings.Split(theirs, "\n"), " "+g.String()) {
			rt.Errorf("text\n- ovs-ofctl %s\n- ours       %s", theirs, g)
		}
		if _, err := s.Run("ovs-ofctl", "-O", "OpenFlow15", "mod-group", s.Mgmt(ovstest.Bridge), g.String()); err != nil {
			rt.Errorf("ovs-ofctl does not read what it prints: %v", err)
		} else if !slices.Contains(s.groups(), g) {
			rt.Errorf("ovs-ofctl reads something else: %s", g)
		}
	})
	for kind := range flow.GroupFastFailover + 1 {
		if types[kind] == 0 {
			t.Errorf("no group of type %d", kind)
		}
	}
	t.Logf("groups by type: %v", types)
}

// TestRealMeters does the same with meters. The datapath has no dscp_remark: that is held against ovs-ofctl's text alone.
func TestRealMeters(t *testing.T) {
	s := startSwitch(t)
	for _, text := range []string{
		"meter=11 kbps bands=\ntype=drop rate=100",
		"meter=12 pktps bands=\ntype=drop rate=100\ntype=drop rate=200",
		"meter=13 kbps burst stats bands=\ntype=drop rate=100 burst_size=50",
		"meter=14 pktps stats bands=\ntype=drop rate=4294967295",
	} {
		m, err := flow.ParseMeter(text)
		if err != nil || m.String() != text {
			t.Fatalf("%q: %v\n%s", text, err, m)
		}
		s.xid++
		s.send(openflow.AppendMeterMod(nil, s.xid, openflow.MeterAdd, &openflow.Meter{ID: uint32(m.ID), Flags: openflow.MeterFlags(m.Flags), Bands: []byte(m.Bands)}))
		for _, err := range s.barrier() {
			t.Errorf("refused: %v: %s", err, m)
		}
		if theirs := s.Ofctl(t, "dump-meters", s.Mgmt(ovstest.Bridge)); !strings.Contains(theirs, text+"\n") {
			t.Errorf("%s\nnot in\n%s", text, theirs)
		}
		if got := s.meter(m.ID); got != m {
			t.Errorf("came back as something else\n- sent %s\n-  got %s", m, got)
		}
	}
	remark, err := flow.NewMeter(15, flow.MeterKbps|flow.MeterBurst, flow.Band{Type: flow.BandDSCPRemark, Rate: 5, Burst: 6, PrecLevel: 1})
	if want := "meter=15 kbps burst bands=\ntype=dscp_remark rate=5 burst_size=6 prec_level=1"; err != nil || remark.String() != want {
		t.Errorf("%v: %s", err, remark)
	}
	if back, err := flow.ParseMeter(remark.String()); err != nil || back != remark {
		t.Errorf("%v: %s", err, back)
	}
}

func (s *realSwitch) meter(id flow.MeterID) flow.Meter {
	s.t.Helper()
	s.xid++
	s.send(openflow.AppendMeterDescRequest(nil, s.xid, uint32(id)))
	for {
		h, msg := s.receive()
		if h.Type != openflow.TypeMultipartReply {
			continue
		}
		for d, err := range openflow.MeterDescs(msg) {
			if err != nil {
				s.t.Fatal(err)
			}
			m, err := flow.CanonicalMeter(flow.MeterID(d.ID), flow.MeterFlags(d.Flags), d.Bands)
			if err != nil {
				s.t.Fatal(err)
			}
			return m
		}
		return flow.Meter{}
	}
}
