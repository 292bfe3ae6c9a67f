package python

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/protobuf/proto"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/source"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// narrow is the fence that is violated.
var narrow = table.OwnerSpec{
	Name: "python", Slot: 9, MaxFlows: 2,
	Tables:     []table.Range[flow.TableID]{{First: 0, Last: 3}},
	Priorities: []table.Range[flow.Priority]{{First: 0, Last: 999}},
	Groups:     []table.Range[uint32]{{First: 1, Last: 100}}, Meters: []table.Range[uint32]{{First: 1, Last: 100}},
	Conjunctions: []table.Range[uint32]{{First: 1, Last: 100}}, Zones: []table.Range[uint16]{{First: 1, Last: 100}},
}

// add is a transaction of one flow, given as ovs-ofctl writes it.
func add(t *testing.T, texts ...string) *pb.Txn {
	t.Helper()
	op := &pb.Op{Kind: pb.OpKind_OP_KIND_ADD, Uuid: make([]byte, 16)}
	for _, text := range texts {
		f, err := flow.ParseFlow(text)
		if err != nil {
			t.Fatal(err)
		}
		op.Flows = append(op.Flows, &pb.Flow{
			Table: uint32(f.Table), Priority: uint32(f.Priority), Match: []byte(f.Match), Actions: []byte(f.Actions),
		})
	}
	return &pb.Txn{Ops: []*pb.Op{op}}
}

// TestViolations sends what the fence does not allow, or no host takes, from Python: each transaction is rejected with the rule
// that it broke, and nothing of it is done.
func TestViolations(t *testing.T) {
	bytes := func(match, actions string) *pb.Txn {
		txn := add(t, "priority=1,actions=drop")
		txn.Ops[0].Flows[0].Match, txn.Ops[0].Flows[0].Actions = []byte(match), []byte(actions)
		return txn
	}
	one := func(op *pb.Op) *pb.Txn { return &pb.Txn{Ops: []*pb.Op{op}} }
	const pr = "priority=1,"
	cases := []struct {
		name string
		txn  *pb.Txn
		want string
	}{
		{"table", add(t, "table=4,"+pr+"actions=drop"), "RULE_FENCED: table=4"},
		{"priority", add(t, "priority=1000,actions=drop"), "RULE_FENCED"},
		{"second of two", add(t, pr+"actions=drop", "table=9,"+pr+"actions=drop"), "RULE_FENCED: table=9"},
		{"group", add(t, pr+"actions=group:200"), "RULE_FENCED"},
		{"group inside", add(t, pr+"actions=clone(group:200)"), "RULE_FENCED"},
		{"meter", add(t, pr+"actions=meter:200"), "RULE_FENCED"},
		{"conjunction", add(t, pr+"actions=conjunction(200,1/2)"), "RULE_FENCED"},
		{"learn table", add(t, pr+"actions=learn(table=30,priority=1,cookie=0x900000000000000)"), "RULE_FENCED"},
		{"learn priority", add(t, pr+"actions=learn(table=3,priority=1000,cookie=0x900000000000000)"), "RULE_FENCED"},
		{"learn slot", add(t, pr+"actions=learn(table=3,priority=1,cookie=0x800000000000000)"), "RULE_FENCED"},
		{"set group", one(&pb.Op{Kind: pb.OpKind_OP_KIND_SET_GROUP, Group: &pb.Group{Id: 200}}), "RULE_FENCED"},
		{"remove meter", one(&pb.Op{Kind: pb.OpKind_OP_KIND_REMOVE_METER, Meter: &pb.Meter{Id: 200}}), "RULE_FENCED"},
		{"zone", one(&pb.Op{Kind: pb.OpKind_OP_KIND_FLUSH_CT, Flush: &pb.CTFlush{Zone: 200}}), "RULE_FENCED"},
		{"quota", add(t, pr+"actions=drop", "table=1,"+pr+"actions=drop", "table=2,"+pr+"actions=drop"), "RULE_QUOTA"},
		{"unset group", add(t, pr+"actions=group:7"), "RULE_UNSET"},
		{"no match", bytes("xyz", ""), "RULE_BAD_MATCH"},
		{"no actions", bytes("", "xyz"), "RULE_BAD_ACTIONS"},
		{"no table", add(t, "table=3,"+pr+"actions=drop"), "RULE_BAD_FLOW"},
		{"no uuid", one(&pb.Op{Kind: pb.OpKind_OP_KIND_REMOVE, Uuid: []byte("x")}), "RULE_MALFORMED"},
		{"no kind", one(&pb.Op{Kind: 99, Uuid: make([]byte, 16)}), "RULE_MALFORMED"},
		{"all in order", add(t, "table=3,"+pr+"actions=drop"), ""},
	}
	cases[17].txn.Ops[0].Flows[0].Table = 300 // which no text can say
	var lines []string
	for _, c := range cases {
		wire, err := proto.Marshal(c.txn)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, c.name+"="+base64.StdEncoding.EncodeToString(wire))
	}
	var log output
	sw := runSource(t, filepath.Join(filepath.Dir(build(t)), "violations.py"), []string{"CASES=" + strings.Join(lines, "\n")}, &log)
	log.has(t, "plugin wrote: all said")
	for _, c := range cases {
		log.has(t, "plugin wrote: "+c.name+": "+c.want)
	}
	if flows := fmt.Sprint(sw.Flows()); flows != "[cookie=0x900000000000000, table=3, priority=1 actions=drop]" {
		t.Errorf("flows in the switch: %s; want the one that was in order", flows)
	}
	if n := len(sw.Groups()) + len(sw.Meters()) + len(sw.FlushedZones()); n != 0 {
		t.Errorf("%d other things were done", n)
	}
}

// runSource runs a plugin behind the fence, on a switch in memory, until the test ends.
func runSource(t *testing.T, path string, env []string, log *output) *swtest.Switch {
	t.Helper()
	logger := hclog.New(&hclog.LoggerOptions{Output: log, DisableTime: true})
	sw := swtest.New()
	loop, err := apply.New(apply.Config{Owners: []table.OwnerSpec{narrow}, Switch: swconn.Config{Dial: sw.Dial}, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "py") // t.TempDir is too long for a unix socket
	if err != nil {
		t.Fatal(err)
	}
	src := source.New(source.Config{
		Plugin: source.Plugin{Name: narrow.Name, Path: path, Env: env}, Attach: source.ToLoop(loop), RunDir: dir, Logger: logger,
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = loop.Run(ctx) })
	running.Go(func() { _ = src.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		sw.Close()
		_ = os.RemoveAll(dir)
	})
	return sw
}
