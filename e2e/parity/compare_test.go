package parity

import (
	"strings"
	"testing"

	"github.com/flowhost/flowhost/e2e/dump"
	"github.com/flowhost/flowhost/e2e/meant"
)

// What ovn-controller might have, a meter that no flow names with it, and the same with other numbers, another order and a clause said twice.
const (
	theirFlows = `cookie=0xa1, table=8, priority=100,reg14=0x1,metadata=0x1 actions=resubmit(,9)
cookie=0x0, table=9, priority=2001,ip,reg14=0x1,nw_src=10.0.0.1 actions=conjunction(2,1/2),conjunction(3,1/2)
cookie=0x0, table=9, priority=2001,ip,reg14=0x1,nw_dst=10.0.0.2 actions=conjunction(2,2/2)
cookie=0x0, table=9, priority=2001,ip,reg14=0x1,nw_dst=10.0.0.3 actions=conjunction(3,2/2)
cookie=0xb2, table=9, priority=2001,conj_id=2,ip,reg14=0x1 actions=resubmit(,10)
cookie=0xb3, table=9, priority=2001,conj_id=3,ip,reg14=0x1 actions=drop
cookie=0xc1, table=20, priority=110,ip,nw_dst=172.16.0.1 actions=group:5
cookie=0xc2, table=20, priority=110,ip,nw_dst=172.16.0.2 actions=controller(userdata=00.00.00.05.00.08.00.00.00.04,meter_id=4),group:6
cookie=0xc3, table=20, priority=110,ip,nw_dst=172.16.0.3 actions=meter:7,resubmit(,21)
cookie=0xc4, table=20, priority=110,ip,nw_dst=172.16.0.4 actions=meter:5,resubmit(,21)
cookie=0xd1, table=68, priority=100,tcp actions=learn(table=69,delete_learned,cookie=0xd2,eth_type=0x800,NXM_OF_IP_SRC[],load:0x1->NXM_NX_REG10[7])
cookie=0xd2, table=69, ip,nw_src=10.0.0.9 actions=load:0x1->NXM_NX_REG10[7]`
	theirGroups = `group_id=5,type=select,bucket=bucket_id:0,weight:100,actions=ct(commit,table=21,nat(dst=10.0.0.1:80))
group_id=6,type=select,bucket=bucket_id:0,weight:100,actions=ct(commit,table=21,nat(dst=10.0.0.2:80))`
	theirMeters = `OFPST_METER_CONFIG reply (OF1.5) (xid=0x2):
meter=4 pktps burst stats bands=
type=drop rate=100 burst_size=200

meter=7 pktps burst stats bands=
type=drop rate=300 burst_size=200

meter=5 pktps burst stats bands=
type=drop rate=300 burst_size=200

meter=3 pktps burst stats bands=
type=drop rate=300 burst_size=200`

	ourFlows = `cookie=0xc2, table=20, priority=110,ip,nw_dst=172.16.0.2 actions=controller(userdata=00.00.00.05.00.08.00.00.00.02,meter_id=2),group:2
cookie=0xc3, table=20, priority=110,ip,nw_dst=172.16.0.3 actions=meter:1,resubmit(,21)
cookie=0xc4, table=20, priority=110,ip,nw_dst=172.16.0.4 actions=meter:3,resubmit(,21)
cookie=0xc1, table=20, priority=110,ip,nw_dst=172.16.0.1 actions=group:1
cookie=0xb2, table=9, priority=2001,conj_id=71,ip,reg14=0x1 actions=resubmit(,10)
cookie=0xb3, table=9, priority=2001,conj_id=70,ip,reg14=0x1 actions=drop
cookie=0x0, table=9, priority=2001,ip,reg14=0x1,nw_src=10.0.0.1 actions=conjunction(70,1/2),conjunction(71,1/2),conjunction(71,1/2)
cookie=0x0, table=9, priority=2001,ip,reg14=0x1,nw_dst=10.0.0.2 actions=conjunction(71,2/2)
cookie=0x0, table=9, priority=2001,ip,reg14=0x1,nw_dst=10.0.0.3 actions=conjunction(70,2/2)
cookie=0xa1, table=8, priority=100,reg14=0x1,metadata=0x1 actions=resubmit(,9)
cookie=0xd1, table=68, priority=100,tcp actions=learn(table=69,delete_learned,cookie=0xd2,eth_type=0x800,NXM_OF_IP_SRC[],load:0x1->NXM_NX_REG10[7])`
	ourGroups = `group_id=1,type=select,bucket=bucket_id:0,weight:100,actions=ct(commit,table=21,nat(dst=10.0.0.1:80))
group_id=2,type=select,bucket=bucket_id:0,weight:100,actions=ct(commit,table=21,nat(dst=10.0.0.2:80))`
	ourMeters = `meter=1 pktps burst stats bands=
type=drop rate=300 burst_size=200
meter=3 pktps burst stats bands=
type=drop rate=300 burst_size=200
meter=2 pktps burst stats bands=
type=drop rate=100 burst_size=200`
)

func compared(t *testing.T, flows, groups, meters string, contenders map[Key][]Flow, known meant.Differences) *Counts {
	t.Helper()
	theirs, err := ReadSide(dump.Parse(theirFlows, theirGroups, theirMeters))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := ReadSide(dump.Parse(flows, groups, meters))
	if err != nil {
		t.Fatal(err)
	}
	return Compare(ours, theirs, contenders, known).Total()
}

// Conjunctions of the same matches are told apart by what they do.
func TestConjunctionsOfOneMatch(t *testing.T) {
	const clauses = "cookie=0x0, table=9, priority=1,ip,nw_src=10.0.0.1 actions=conjunction(1,1/2),conjunction(2,1/2)\n" +
		"cookie=0x0, table=9, priority=1,ip,nw_dst=10.0.0.2 actions=conjunction(1,2/2),conjunction(2,2/2)\n"
	one, err := ReadSide(dump.Parse(clauses+"cookie=0xa, table=9, priority=1,conj_id=1,ip actions=drop\ncookie=0xb, table=9, priority=1,conj_id=2,ip actions=resubmit(,10)", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	other, err := ReadSide(dump.Parse(clauses+"cookie=0xa, table=9, priority=1,conj_id=2,ip actions=drop\ncookie=0xb, table=9, priority=1,conj_id=1,ip actions=resubmit(,10)", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	if c := Compare(one, other, nil, nil).Total(); c.SameKeys() != 4 || c.Total() != 4 {
		t.Error(c.Summary())
	}
}

func TestNumbersAreFree(t *testing.T) {
	if c := compared(t, ourFlows, ourGroups, ourMeters, nil, nil); c.Summary() != "parity: 11 of 11 (only ours 0, only theirs 0, differ 0, contested 0, known 0)" {
		t.Error(c.Summary())
	}
}

// Whatever else is altered must be seen.
func TestAlterationsAreSeen(t *testing.T) {
	for name, c := range map[string]struct {
		what, old, new string
		same           int // of 11 or more
	}{
		"a match bit":          {"flows", "reg14=0x1,metadata=0x1", "reg14=0x3,metadata=0x1", 10},
		"an action":            {"flows", "resubmit(,9)", "resubmit(,11)", 10},
		"a priority":           {"flows", "priority=100,reg14", "priority=101,reg14", 10},
		"a cookie":             {"flows", "cookie=0xa1", "cookie=0xa2", 10},
		"a table":              {"flows", "table=8,", "table=7,", 10},
		"a clause":             {"flows", "conjunction(71,2/2)", "conjunction(70,2/2)", 6},
		"a conjunction's flow": {"flows", "resubmit(,10)", "resubmit(,12)", 10},
		"a group":              {"flows", "actions=group:1", "actions=group:2", 10},
		"a bucket":             {"groups", "dst=10.0.0.1:80", "dst=10.0.0.1:81", 10},
		"a band":               {"meters", "rate=100", "rate=101", 10},
		"a band of two":        {"meters", "rate=300", "rate=100", 9},
		"a group that is not":  {"groups", "group_id=1,", "group_id=9,", 10},
		"a flow that is not":   {"flows", "cookie=0xd1,", "cookie=0xd1, table=9, priority=7 actions=drop\ncookie=0xd1,", 11},
	} {
		t.Run(name, func(t *testing.T) {
			texts := map[string]string{"flows": ourFlows, "groups": ourGroups, "meters": ourMeters}
			altered := strings.Replace(texts[c.what], c.old, c.new, 1)
			if altered == texts[c.what] {
				t.Fatalf("nothing is altered: no %q", c.old)
			}
			texts[c.what] = altered
			counts := compared(t, texts["flows"], texts["groups"], texts["meters"], nil, nil)
			if counts.SameKeys() != c.same || counts.Total() == counts.SameKeys() {
				t.Errorf("%s; want %d same", counts.Summary(), c.same)
			}
		})
	}
}

func TestContestedAndKnown(t *testing.T) {
	ours := strings.Replace(ourFlows, "cookie=0xa1, table=8, priority=100,reg14=0x1,metadata=0x1 actions=resubmit(,9)",
		"cookie=0xa0, table=8, priority=100,reg14=0x1,metadata=0x1 actions=drop", 1)
	key := Key{Table: 8, Priority: 100, Match: "reg14=0x1,metadata=0x1"}
	loser := Flow{Key: key, Actions: "resubmit(,9)", Cookie: "0xa1"}
	if c := compared(t, ours, ourGroups, ourMeters, map[Key][]Flow{key: {loser}}, nil); c[Contested] != 1 || c.SameKeys() != 11 {
		t.Errorf("theirs is one of our contenders: %s", c.Summary())
	}
	loser.Actions = "resubmit(,8)"
	if c := compared(t, ours, ourGroups, ourMeters, map[Key][]Flow{key: {loser}}, nil); c[Differ] != 1 {
		t.Errorf("theirs is none of our contenders: %s", c.Summary())
	}
	conjunctive := strings.Replace(ourFlows, "cookie=0xb2, table=9, priority=2001,conj_id=71,ip,reg14=0x1 actions=resubmit(,10)",
		"cookie=0xb1, table=9, priority=2001,conj_id=71,ip,reg14=0x1 actions=drop", 1)
	theirs, err := ReadSide(dump.Parse(theirFlows, theirGroups, theirMeters))
	if err != nil {
		t.Fatal(err)
	}
	losers := make(map[Key][]Flow)
	for key, f := range theirs.Flows {
		if f.Cookie == "0xb2" {
			losers[key] = []Flow{f}
		}
	}
	if c := compared(t, conjunctive, ourGroups, ourMeters, losers, nil); c[Contested] != 1 || c.SameKeys() != 11 {
		t.Errorf("theirs, of a conjunction, is one of our contenders: %s", c.Summary())
	}
	known, err := meant.Read(strings.NewReader("# a comment\n\ndiffer 8 priority=100, reg14=0x1 # it is a test\nonly-ours * nothing # never\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c := compared(t, ours, ourGroups, ourMeters, nil, known); c[Known] != 1 || c.SameKeys() != 10 {
		t.Errorf("known: %s", c.Summary())
	}
	for _, bad := range []string{"differ 8 x", "differs 8 x # y", "differ 8 ( # y", "same 8 x # y"} {
		if _, err := meant.Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
