package flow_test

import (
	"math/bits"
	"regexp"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/sdk/flow"
)

var inText = regexp.MustCompile(`(?i)tun_metadata([0-9]+)`)

// named is what a text names.
func named(text string) (set uint64) {
	for _, m := range inText.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1])
		set |= 1 << n
	}
	return set
}

// TestTunMetadata has each kind of action with such a field where it can have one: what ovs-ofctl shows is what is named.
func TestTunMetadata(t *testing.T) {
	for _, text := range []string{
		"actions=set_field:5->tun_metadata3",
		"actions=set_field:5/7->tun_metadata3,set_field:1->tun_metadata63",
		"actions=load:5->tun_metadata3[0..31]",
		"actions=move:tun_metadata3[0..31]->reg0[],move:reg1[]->tun_metadata4[0..31]",
		"actions=output:tun_metadata3[0..15]",
		"actions=push:tun_metadata3[0..31],pop:tun_metadata4[0..31]",
		"ip,actions=ct(zone=tun_metadata3[0..15])",
		"ip,actions=ct(commit,zone=7,exec(move:tun_metadata3[0..31]->ct_mark[]))",
		"actions=learn(table=9,reg0[]=tun_metadata3[0..31])",
		"actions=learn(table=9,tun_metadata3[0..31]=reg0[],load:tun_metadata4[0..31]->reg1[],output:tun_metadata5[0..31])",
		"actions=learn(table=9,tun_metadata3[0..31]=7,load:7->tun_metadata4[0..31])",
		"actions=learn(table=9,limit=1,result_dst=tun_metadata3[0],reg0[])",
		"actions=check_pkt_larger(1500)->tun_metadata3[0]",
		"actions=multipath(eth_src,50,modulo_n,8,0,tun_metadata3[0..15])",
		"actions=bundle_load(eth_src,0,hrw,ofport,tun_metadata3[0..15],members:1,2)",
		"actions=bundle(eth_src,0,hrw,ofport,members:1,2)",
		"actions=delete_field:tun_metadata3",
		"actions=clone(clone(set_field:5->tun_metadata3))",
		"actions=write_actions(set_field:5->tun_metadata3),goto_table:5",
		"tun_metadata0=5,actions=drop",
		"tun_metadata0=5/7,tun_metadata9,actions=set_field:5->tun_metadata3",
		"reg0=3,actions=set_field:0x3->reg3,resubmit(,3),output:3",
	} {
		f, err := flow.ParseFlow("table=1," + text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, want := f.Match.TunMetadata()|f.Actions.TunMetadata(), named(text); got != want {
			t.Errorf("%s: names %b, want %b", text, got, want)
		}
	}
}

func TestTunMetadataOfGroups(t *testing.T) {
	for _, text := range []string{
		"group_id=1,type=all,bucket=output:1,bucket=set_field:5->tun_metadata3,output:2,bucket=clone(set_field:5->tun_metadata4)",
		"group_id=1,type=select,selection_method=hash,fields(tun_metadata7),bucket=output:1",
		"group_id=1,type=select,selection_method=dp_hash,bucket=output:1",
	} {
		g, err := flow.ParseGroup(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, want := g.TunMetadata(), named(text); got != want {
			t.Errorf("%s: names %b, want %b", text, got, want)
		}
	}
}

// TestTunMetadataOfAnyFlow holds what is named against the text of flows with any match and actions.
func TestTunMetadataOfAnyFlow(t *testing.T) {
	batches, seen := rapid.Custom(drawFlows), 0
	rapid.Check(t, func(rt *rapid.T) {
		for _, f := range batches.Draw(rt, "flows") {
			got, want := f.Match.TunMetadata()|f.Actions.TunMetadata(), named(f.String())
			if got != want {
				rt.Fatalf("%s: names %b, want %b", f, got, want)
			}
			seen += bits.OnesCount64(got)
		}
	})
	if seen == 0 {
		t.Error("no flow named any")
	}
}
