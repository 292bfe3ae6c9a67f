package compiler

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

var (
	rowID    = uuid.MustParse("aabbccdd-0000-0000-0000-000000000001")
	switchID = uuid.MustParse("00000000-0000-0000-0000-000000000003")
)

// network has the ports here (key 1) and there (2), the first of which is on this chassis.
type network struct{ d *dialect.Dialect }

func (n network) AddressSet(name string) *expr.ConstantSet {
	if name != "web" {
		return nil
	}
	set, _ := expr.NewAddressSet(name, []string{"10.0.0.1", "10.0.0.2"}, n.d)
	return set
}

func (n network) PortGroup(name string) *expr.ConstantSet {
	if name != "3_pg" {
		return nil
	}
	return expr.NewPortGroup([]string{"here"})
}

func (n network) Template(name string) (string, bool) { return "10.9.9.9", name == "vip" }

func (n network) Port(datapath uuid.UUID, name string) (uint32, bool) {
	key := map[string]uint32{"here": 1, "there": 2}[name]
	return key, key != 0 && datapath == switchID
}

func (n network) Related(port string) bool  { return port == "here" }
func (n network) Resident(port string) bool { return port == "here" }
func (n network) Meter(name string) bool    { return name == "slow" }
func (n network) Collector(id uint32) bool  { return id == 7 }

func (n network) TunnelPort(port string) (flow.Port, bool) { return 9, port == "there" }

func newCompiler(t *testing.T) *Compiler {
	d := dialect.OVN2303()
	symtab := expr.LogicalFields(d)
	actions, err := action.New(d, symtab, action.OptionTables{})
	if err != nil {
		t.Fatal(err)
	}
	c := New(d, symtab, actions, network{d})
	c.Conjunctions = func(_, _ uuid.UUID, count int) (uint32, bool) { return 500, count == 1 }
	return c
}

// compile makes the flows of a row in the switch, and what they were made of.
func compile(t *testing.T, c *Compiler, row *Row, d Datapath) (flows, reads []string) {
	t.Helper()
	if err := c.Read(row); err != nil {
		t.Fatal(err)
	}
	list, err := c.Flows(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		flows = append(flows, f.String())
	}
	for _, r := range c.Reads() {
		reads = append(reads, [...]string{"set ", "group ", "template ", "port ", "related ", "resident "}[r.Kind]+r.Name)
	}
	slices.Sort(flows)
	slices.Sort(reads)
	return flows, reads
}

func TestFlows(t *testing.T) {
	onSwitch, onRouter := Datapath{ID: switchID, Key: 3, Switch: true}, Datapath{ID: switchID, Key: 3}
	for _, test := range []struct {
		name     string
		row      Row
		datapath Datapath
		flows    []string
		reads    string
	}{
		{"plain", Row{Table: 2, Priority: 7, Match: "1", Actions: "next;"}, onSwitch,
			[]string{"table=10, priority=7,metadata=0x3 actions=resubmit(,11)"}, ""},
		{"egress", Row{Pipeline: action.Egress, Priority: 7, Match: "1", Actions: "output;"}, onSwitch,
			[]string{"table=42, priority=7,metadata=0x3 actions=resubmit(,64)"}, ""},
		{"port here", Row{Match: `inport == "here"`, Actions: "drop;"}, onSwitch,
			[]string{"table=8, priority=0,reg14=0x1,metadata=0x3 actions=drop"}, "port here,related here"},
		{"port elsewhere", Row{Match: `inport == "there"`, Actions: "drop;"}, onSwitch, nil, "port there,related there"},
		{"port elsewhere, of a router", Row{Match: `inport == "there"`, Actions: "drop;"}, onRouter,
			[]string{"table=8, priority=0,reg14=0x2,metadata=0x3 actions=drop"}, "port there"},
		{"to a port elsewhere", Row{Pipeline: action.Egress, Match: `outport == "there"`, Actions: "drop;"}, onSwitch, nil,
			"port there,related there"},
		{"no such port", Row{Match: `inport == "nowhere"`, Actions: "drop;"}, onSwitch, nil, "port nowhere"},
		{"tag", Row{Match: "1", Actions: "drop;", Port: "there"}, onSwitch, nil, "related there"},
		{"resident", Row{Match: `is_chassis_resident("here")`, Actions: "drop;"}, onSwitch,
			[]string{"table=8, priority=0,metadata=0x3 actions=drop"}, "resident here"},
		{"not resident", Row{Match: `is_chassis_resident("there")`, Actions: "drop;"}, onSwitch, nil, "resident there"},
		{"group", Row{Match: "inport == @pg", Actions: "drop;"}, onSwitch,
			[]string{"table=8, priority=0,reg14=0x1,metadata=0x3 actions=drop"}, "group 3_pg,port here,related here"},
		{"template", Row{Match: "ip4.dst == ^vip", Actions: "drop;"}, onSwitch,
			[]string{"table=8, priority=0,ip,metadata=0x3,nw_dst=10.9.9.9 actions=drop"}, "template vip"},
		{"conjunction", Row{Match: "ip4.src == $web && tcp.dst == {80, 81}", Actions: "drop;"}, onSwitch, []string{
			"table=8, priority=0,conj_id=500,tcp,metadata=0x3 actions=drop",
			"table=8, priority=0,tcp,metadata=0x3,nw_src=10.0.0.1 actions=conjunction(500,1/2)",
			"table=8, priority=0,tcp,metadata=0x3,nw_src=10.0.0.2 actions=conjunction(500,1/2)",
			"table=8, priority=0,tcp,metadata=0x3,tp_dst=80 actions=conjunction(500,2/2)",
			"table=8, priority=0,tcp,metadata=0x3,tp_dst=81 actions=conjunction(500,2/2)",
		}, "set web"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.row.ID = rowID
			flows, reads := compile(t, newCompiler(t), &test.row, test.datapath)
			if !slices.Equal(flows, test.flows) {
				t.Errorf("flows:\n%s", strings.Join(flows, "\n"))
			}
			if got := strings.Join(reads, ","); got != test.reads {
				t.Errorf("reads %s, want %s", got, test.reads)
			}
		})
	}
}

// TestTwice compiles one row after the other: nothing of the first is left.
func TestTwice(t *testing.T) {
	c, on := newCompiler(t), Datapath{ID: switchID, Key: 3, Switch: true}
	compile(t, c, &Row{ID: rowID, Match: "ip4.src == $web", Actions: "ip.ttl--; next;"}, on)
	flows, reads := compile(t, c, &Row{ID: rowID, Match: "1", Actions: "drop;"}, on)
	if len(flows) != 1 || len(reads) != 0 {
		t.Errorf("%q, made of %q", flows, reads)
	}
}

func TestErrors(t *testing.T) {
	c, on := newCompiler(t), Datapath{ID: switchID, Key: 3, Switch: true}
	if err := c.Read(&Row{ID: rowID, Match: "1", Actions: "fly;"}); !errors.Is(err, lex.ErrSyntax) {
		t.Error("bad actions:", err)
	}
	for match, want := range map[string]error{"ip4.src == $missing": lex.ErrSyntax, "ip4.src == $web && tcp.dst == {1, 2}": ErrNoConjunction} {
		c.Conjunctions = nil
		if err := c.Read(&Row{ID: rowID, Match: match, Actions: "drop;"}); err != nil {
			t.Fatal(err)
		}
		if flows, err := c.Flows(on); !errors.Is(err, want) || flows != nil {
			t.Errorf("%s: %v, %v", match, flows, err)
		}
		if reads := c.Reads(); len(reads) != 1 || reads[0].Kind != AddressSet {
			t.Errorf("%s: reads %v: its coming would go unnoticed", match, reads)
		}
	}
}
