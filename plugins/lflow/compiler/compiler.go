package compiler

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/plugins/lflow/lex"
	"github.com/flowhost/flowhost/sdk/flow"
)

// ErrNoConjunction is returned when there are no ids for the conjunctions that a logical flow needs.
var ErrNoConjunction = errors.New("no conjunction ids")

// Row is a row of Logical_Flow.
type Row struct {
	ID       uuid.UUID
	Pipeline action.Pipeline
	Table    int // from 0, in the pipeline
	Priority flow.Priority
	Match    string
	Actions  string
	Port     string // tags:in_out_port, the one port that the row is about; "" for none
	Meter    string // controller_meter, the name of what limits packets to controllers; "" for none
}

// Datapath is a logical datapath that rows are compiled for.
type Datapath struct {
	ID       uuid.UUID
	Key      uint32 // its tunnel key
	Switch   bool   // not a router
	SNATZone bool   // see action.Options
}

// Compiler makes flows of logical flows. It belongs to one goroutine.
type Compiler struct {
	// Options is what actions depend on beside the row, the datapath and the Network, whose fields are overwritten. Its Group and Meter
	// give ids to texts.
	Options action.Options
	// Conjunctions gives the first of count ids in a row for the conjunctions of a row in a datapath.
	Conjunctions func(row, datapath uuid.UUID, count int) (first uint32, ok bool)

	dialect *dialect.Dialect
	actions *action.Env
	match   expr.Compiler
	part    expr.Compiler // of Delta
	reader  reader

	row      *Row
	list     action.List
	expr     *expr.Expr // of the row; nil when it was not compiled yet, or only for one datapath
	datapath *Datapath
	ports    map[uint32]string // what the match has asked for, by tunnel key

	groups, meters []string // texts that ids were asked for
}

// tables is how many tables lflow.c lets both pipelines have (LOG_PIPELINE_LEN).
const tables = 29

// New makes a Compiler. The symbol table of the actions' Env must be symtab.
func New(d *dialect.Dialect, symtab *expr.Symtab, actions *action.Env, network Network) *Compiler {
	c := &Compiler{dialect: d, actions: actions, reader: reader{network: network}, ports: map[uint32]string{}}
	c.match = expr.Compiler{
		Env:      expr.Env{Symtab: symtab, AddressSet: c.reader.addressSet, PortGroup: c.portGroup},
		Dialect:  d,
		Resident: c.reader.resident,
	}
	c.part = expr.Compiler{Env: expr.Env{Symtab: symtab}, Dialect: d, Resident: c.reader.resident}
	return c
}

// Reads is what of the Network was asked for since Read, in no particular order.
func (c *Compiler) Reads() []Read { return slices.Collect(maps.Keys(c.reader.reads)) }

// SetActions changes what names in actions mean, for the rows to come: the options of table DHCP_Options, say.
func (c *Compiler) SetActions(actions *action.Env) { c.actions = actions }

// Groups and Meters are the texts that Options has given ids to since Read, maybe more than once.
func (c *Compiler) Groups() []string { return c.groups }
func (c *Compiler) Meters() []string { return c.meters }

// Read begins with a row. An error is about its actions, and there are no flows then.
func (c *Compiler) Read(row *Row) error {
	c.row, c.expr, c.reader.reads = row, nil, map[Read]struct{}{}
	c.groups, c.meters = nil, nil
	if strings.Contains(row.Actions, "put_dhcp") {
		c.reader.note(OptionTables, "")
	}
	text := lex.ExpandTemplates(row.Actions, c.reader.template)
	place := action.Place{Pipeline: row.Pipeline, Table: row.Table, Ingress: tables, Egress: tables}
	if err := c.list.Parse(text, c.actions, place); err != nil {
		return fmt.Errorf("actions: %w", err)
	}
	return nil
}

// Flows makes the flows of the row in a datapath: none when it can match nothing, or is about a port that has nothing to do with this
// chassis.
func (c *Compiler) Flows(datapath Datapath) ([]flow.Flow, error) {
	c.datapath = &datapath
	if c.isTaggedElsewhere() {
		return nil, nil
	}
	e, err := c.compile()
	if err != nil {
		return nil, fmt.Errorf("match: %w", err)
	}
	return c.flows(e)
}

// isTaggedElsewhere says whether the row is about one port, which has nothing to do with this chassis.
func (c *Compiler) isTaggedElsewhere() bool { return c.row.Port != "" && !c.reader.related(c.row.Port) }

// flows makes the flows of an expression of the row in the datapath. Their cookies are left to the host: the row's, or none for a clause
// of conjunctions, which other rows may share.
func (c *Compiler) flows(e *expr.Expr) ([]flow.Flow, error) {
	matches, err := c.matches(e)
	if err != nil {
		return nil, fmt.Errorf("match: %w", err)
	}
	if len(matches) == 0 {
		return nil, nil
	}
	actions, err := c.encode()
	if err != nil {
		return nil, fmt.Errorf("actions: %w", err)
	}
	flows := make([]flow.Flow, 0, len(matches))
	var clause []flow.Conj // of the flow before: all of a clause have the same actions
	var clauseActions flow.Actions
	for i := range matches {
		f := flow.Flow{Key: c.key(&matches[i]), Actions: actions}
		if conjunctions := matches[i].Conjunctions; len(conjunctions) > 0 {
			if !slices.Equal(conjunctions, clause) {
				if clauseActions, err = flow.NewConjunctions(conjunctions); err != nil {
					return nil, err
				}
				clause = conjunctions
			}
			f.Actions = clauseActions
		}
		flows = append(flows, f)
	}
	return flows, nil
}

// portGroup finds a port group of the datapath: the database has those with the datapath's tunnel key in front of the name.
func (c *Compiler) portGroup(name string) *expr.ConstantSet {
	return c.reader.portGroup(c.portGroupName(name))
}

func (c *Compiler) portGroupName(name string) string {
	return strconv.FormatUint(uint64(c.datapath.Key), 10) + "_" + name
}

// compile makes the expression of the row in the datapath.
func (c *Compiler) compile() (*expr.Expr, error) {
	if c.expr != nil {
		return c.expr, nil
	}
	e, err := c.match.Compile(lex.ExpandTemplates(c.row.Match, c.reader.template), c.list.Prereqs())
	if err == nil && len(e.PortGroups) == 0 { // means the same in every datapath
		c.expr = e
	}
	return e, err
}

// matches are those of an expression in the datapath, without those about ports that have nothing to do with this chassis.
func (c *Compiler) matches(e *expr.Expr) ([]expr.Match, error) {
	clear(c.ports)
	o := &expr.MatchOptions{Port: c.port, Metadata: uint64(c.datapath.Key), Limit: c.match.Limit}
	if count := e.ConjunctionCount(c.port); count > 0 {
		var ok bool
		if o.FirstConjunction, ok = c.conjunctions(count); !ok {
			return nil, ErrNoConjunction
		}
	}
	matches, err := e.Matches(c.dialect, o)
	if err != nil || !c.datapath.Switch || len(c.ports) == 0 {
		return matches, err
	}
	return slices.DeleteFunc(matches, c.isElsewhere), nil
}

func (c *Compiler) conjunctions(count int) (uint32, bool) {
	if c.Conjunctions == nil {
		return 0, false
	}
	return c.Conjunctions(c.row.ID, c.datapath.ID, count)
}

func (c *Compiler) port(name string) (uint32, bool) {
	key, ok := c.reader.port(c.datapath.ID, name)
	if ok && key != 0 { // 0 is no port, and nowhere
		c.ports[key] = name
	}
	return key, ok
}

// isElsewhere says whether a match is about packets from a port (in the ingress pipeline) or to one (in the egress pipeline) that has
// nothing to do with this chassis (lflow.c, add_matches_to_flow_table).
func (c *Compiler) isElsewhere(m expr.Match) bool {
	field := c.dialect.Pipeline.Inport
	if c.row.Pipeline == action.Egress {
		field = c.dialect.Pipeline.Outport
	}
	for t := range m.Terms() {
		value, mask := t.Value()
		if t.Field() == field && mask == "" && len(value) == 4 {
			name, is := c.ports[binary.BigEndian.Uint32([]byte(value))]
			return is && !c.reader.related(name)
		}
	}
	return false
}

func (c *Compiler) encode() (flow.Actions, error) {
	o := c.Options
	o.Switch, o.Datapath, o.SNATZone, o.UUID = c.datapath.Switch, c.datapath.Key, c.datapath.SNATZone, c.row.ID
	o.Port = func(name string) (uint32, bool) { return c.reader.port(c.datapath.ID, name) }
	o.Resident, o.TunnelPort, o.Collector = c.reader.resident, c.reader.tunnelPort, c.reader.collector
	o.Group, o.Meter = c.group, c.meter
	if c.row.Meter != "" {
		var ok bool
		if o.ControllerMeter, ok = c.meter(c.row.Meter); !ok {
			return "", fmt.Errorf("%w for controller_meter %q", action.ErrNoMeter, c.row.Meter)
		}
	}
	return c.list.Encode(&o)
}

func (c *Compiler) group(text string) (id flow.GroupID, ok bool) {
	if c.Options.Group == nil {
		return 0, false
	}
	c.groups = append(c.groups, text)
	return c.Options.Group(text)
}

// meter finds or makes a meter. One that is told by its name and is not in the database limits nothing: what it is to limit matters more,
// and ovn-controller has these flows, too.
func (c *Compiler) meter(text string) (id flow.MeterID, ok bool) {
	if !action.IsMeterText(text) && !c.reader.meter(text) {
		return 0, true
	}
	if c.Options.Meter == nil {
		return 0, false
	}
	c.meters = append(c.meters, text)
	return c.Options.Meter(text)
}

// key is where a match of the row is in the switch.
func (c *Compiler) key(m *expr.Match) flow.Key {
	first := c.dialect.Pipeline.Tables.LogIngress
	if c.row.Pipeline == action.Egress {
		first = c.dialect.Pipeline.Tables.LogEgress
	}
	return flow.Key{Table: first + flow.TableID(c.row.Table), Priority: c.row.Priority, Match: m.Match}
}
