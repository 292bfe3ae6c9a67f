package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// The flows are those of ovn-controller 23.03.1, as ovs-ofctl printed them without their cookies.
func TestFlows(t *testing.T) {
	for _, test := range []struct {
		name string
		row  ovsdb.Model
		want []string // nil: a bad row
	}{
		{"IPv4", &sb.MACBinding{IP: "10.0.0.77", MAC: "0a:0a:0a:0a:0a:01"}, []string{
			"table=66, priority=100,reg0=0xa00004d,reg15=0x2,metadata=0x3 actions=set_field:0a:0a:0a:0a:0a:01->eth_dst,set_field:0x40/0x40->reg10",
			"table=67, priority=100,arp,reg0=0xa00004d,reg14=0x2,metadata=0x3,dl_src=0a:0a:0a:0a:0a:01 actions=set_field:0x40/0x40->reg10"}},
		{"IPv6", &sb.MACBinding{IP: "FD00:0::77", MAC: "0A:0a:0a:0a:0a:01"}, []string{
			"table=66, priority=100,reg0=0xfd000000,reg1=0,reg2=0,reg3=0x77,reg15=0x2,metadata=0x3 actions=set_field:0a:0a:0a:0a:0a:01->eth_dst,set_field:0x40/0x40->reg10",
			"table=67, priority=100,icmp6,reg0=0xfd000000,reg1=0,reg2=0,reg3=0x77,reg14=0x2,metadata=0x3,dl_src=0a:0a:0a:0a:0a:01,icmp_code=0 actions=set_field:0x40/0x40->reg10"}},
		{"IPv4 in IPv6", &sb.MACBinding{IP: "::ffff:a00:1", MAC: "0a:0a:0a:0a:0a:01"}, []string{
			"table=66, priority=100,reg0=0,reg1=0,reg2=0xffff,reg3=0xa000001,reg15=0x2,metadata=0x3 actions=set_field:0a:0a:0a:0a:0a:01->eth_dst,set_field:0x40/0x40->reg10",
			"table=67, priority=100,icmp6,reg0=0,reg1=0,reg2=0xffff,reg3=0xa000001,reg14=0x2,metadata=0x3,dl_src=0a:0a:0a:0a:0a:01,icmp_code=0 actions=set_field:0x40/0x40->reg10"}},
		{"zeros", &sb.MACBinding{IP: "0.0.0.0", MAC: "00:00:00:00:00:00"}, []string{
			"table=66, priority=100,reg0=0,reg15=0x2,metadata=0x3 actions=set_field:00:00:00:00:00:00->eth_dst,set_field:0x40/0x40->reg10",
			"table=67, priority=100,arp,reg0=0,reg14=0x2,metadata=0x3,dl_src=00:00:00:00:00:00 actions=set_field:0x40/0x40->reg10"}},
		{"IPv6 zero", &sb.MACBinding{IP: "::", MAC: "ff:ff:ff:ff:ff:ff"}, []string{
			"table=66, priority=100,reg0=0,reg1=0,reg2=0,reg3=0,reg15=0x2,metadata=0x3 actions=set_field:ff:ff:ff:ff:ff:ff->eth_dst,set_field:0x40/0x40->reg10",
			"table=67, priority=100,icmp6,reg0=0,reg1=0,reg2=0,reg3=0,reg14=0x2,metadata=0x3,dl_src=ff:ff:ff:ff:ff:ff,icmp_code=0 actions=set_field:0x40/0x40->reg10"}},
		{"multicast, short digits", &sb.MACBinding{IP: "10.0.0.8", MAC: "1:0:5e:00:00a:1"}, []string{
			"table=66, priority=100,reg0=0xa000008,reg15=0x2,metadata=0x3 actions=set_field:01:00:5e:00:0a:01->eth_dst,set_field:0x40/0x40->reg10",
			"table=67, priority=100,arp,reg0=0xa000008,reg14=0x2,metadata=0x3,dl_src=01:00:5e:00:0a:01 actions=set_field:0x40/0x40->reg10"}},
		{"static", &sb.StaticMACBinding{IP: "10.0.0.7", MAC: "0a:0a:0a:0a:0a:01"}, []string{
			"table=66, priority=50,reg0=0xa000007,reg15=0x2,metadata=0x3 actions=set_field:0a:0a:0a:0a:0a:01->eth_dst,set_field:0x40/0x40->reg10",
			"table=67, priority=50,arp,reg0=0xa000007,reg14=0x2,metadata=0x3,dl_src=0a:0a:0a:0a:0a:01 actions=set_field:0x40/0x40->reg10"}},
		{"static override", &sb.StaticMACBinding{IP: "fd00::1", MAC: "0a:0a:0a:0a:0a:01", OverrideDynamicMAC: true}, []string{
			"table=66, priority=150,reg0=0xfd000000,reg1=0,reg2=0,reg3=0x1,reg15=0x2,metadata=0x3 actions=set_field:0a:0a:0a:0a:0a:01->eth_dst,set_field:0x40/0x40->reg10",
			"table=67, priority=150,icmp6,reg0=0xfd000000,reg1=0,reg2=0,reg3=0x1,reg14=0x2,metadata=0x3,dl_src=0a:0a:0a:0a:0a:01,icmp_code=0 actions=set_field:0x40/0x40->reg10"}},
		{"FDB", &sb.FDB{MAC: "0a:0a:0a:0a:0a:01", DpKey: 3, PortKey: 2}, []string{
			"table=71, priority=100,metadata=0x3,dl_dst=0a:0a:0a:0a:0a:01 actions=set_field:0x2->reg15",
			"table=72, priority=100,reg14=0x2,metadata=0x3,dl_src=0a:0a:0a:0a:0a:01 actions=set_field:0x100/0x100->reg10"}},
		{"FDB, highest key", &sb.FDB{MAC: "01:0a:0a:0a:0a:01", DpKey: 3, PortKey: 16777215}, []string{
			"table=71, priority=100,metadata=0x3,dl_dst=01:0a:0a:0a:0a:01 actions=set_field:0xffffff->reg15",
			"table=72, priority=100,reg14=0xffffff,metadata=0x3,dl_src=01:0a:0a:0a:0a:01 actions=set_field:0x100/0x100->reg10"}},
		{"dotted IPv4 in IPv6", &sb.MACBinding{IP: "::ffff:10.0.0.1", MAC: "0a:0a:0a:0a:0a:01"}, nil},
		{"zone", &sb.MACBinding{IP: "fe80::1%eth0", MAC: "0a:0a:0a:0a:0a:01"}, nil},
		{"leading zero", &sb.MACBinding{IP: "10.0.0.08", MAC: "0a:0a:0a:0a:0a:01"}, nil},
		{"short IPv4", &sb.MACBinding{IP: "10.1", MAC: "0a:0a:0a:0a:0a:01"}, nil},
		{"prefix", &sb.MACBinding{IP: "10.0.0.1/24", MAC: "0a:0a:0a:0a:0a:01"}, nil},
		{"no IP", &sb.MACBinding{IP: "", MAC: "0a:0a:0a:0a:0a:01"}, nil},
		{"dashes", &sb.MACBinding{IP: "10.0.0.1", MAC: "0a-0a-0a-0a-0a-01"}, nil},
		{"trailing space", &sb.MACBinding{IP: "10.0.0.1", MAC: "0a:0a:0a:0a:0a:01 "}, nil},
		{"seven bytes", &sb.MACBinding{IP: "10.0.0.1", MAC: "0a:0a:0a:0a:0a:01:02"}, nil},
		{"no MAC", &sb.StaticMACBinding{IP: "10.0.0.1", MAC: ""}, nil},
		{"letters", &sb.FDB{MAC: "zz", DpKey: 3, PortKey: 2}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := newNeighbors("br-int", pipeline.OVN2303(), nil)
			entry, _, err := n.read(test.row)
			if (err != nil) != (test.want == nil) {
				t.Fatalf("error %v, want %d flows", err, len(test.want))
			}
			if err != nil {
				return
			}
			flows, err := entry.flows(n.pipeline, local.Location{Datapath: 3, Port: 2})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range flows {
				if !f.Match.IsCanonical() || !f.Actions.IsCanonical() {
					t.Errorf("not canonical: %v", f)
				}
				got = append(got, f.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// In OVN 26.03, an IPv6 address is in xxreg1, and the tables have other numbers.
func TestFlowsOfOtherPipeline(t *testing.T) {
	b := &binding{priority: priorityLearned}
	var err error
	if b.ip, err = parseIP("fd00::77"); err != nil {
		t.Fatal(err)
	}
	flows, err := b.flows(pipeline.OVN2603(), local.Location{Datapath: 3, Port: 2})
	if err != nil {
		t.Fatal(err)
	}
	want := "table=90, priority=100,reg4=0xfd000000,reg5=0,reg6=0,reg7=0x77,reg15=0x2,metadata=0x3 actions=set_field:00:00:00:00:00:00->eth_dst,set_field:0x40/0x40->reg10"
	if got := flows[0].String(); got != want {
		t.Errorf("-want %s\n+ got %s", want, got)
	}
}

func FuzzParseIP(f *testing.F) {
	for _, text := range []string{"10.0.0.1", "fd00::1", "fe80::1%eth0", "::ffff:10.0.0.1", "", ":::::"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if ip, err := parseIP(text); err == nil && ip.Zone() != "" {
			t.Errorf("%q has a zone", text)
		}
	})
}
