package queues

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/ports"
)

// bridgeMappings is the setting that says which bridge leads to which network: "NETWORK:BRIDGE,…" (ovn-controller(8)).
const bridgeMappings = "ovn-bridge-mappings"

const typeLocalnet = "localnet"

// Tables are what the duty reads.
func Tables() duty.Tables {
	return duty.Tables{
		Vswitch: append(ports.Tables(),
			ovsdb.Table{Name: vswitch.PortTable, Columns: []string{"qos"}},
			ovsdb.Table{Name: vswitch.InterfaceTable, Columns: []string{"external_ids"}},
			ovsdb.Table{Name: vswitch.QoSTable, Columns: []string{"type", "queues", "external_ids"}},
			ovsdb.Table{Name: vswitch.QueueTable, Columns: []string{"other_config", "external_ids"}},
		),
		Southbound: []ovsdb.Table{{Name: sb.PortBindingTable, Columns: []string{"logical_port", "type", "datapath", "options"}}},
	}
}

// thing is what is looked at: a queue by its number, a port by its UUID; the zero thing is the QoS row.
type thing struct {
	queue int
	port  string
}

// patience is how often in a row something is written at once.
const patience = 10

// Duty keeps the queues.
type Duty struct {
	state  *local.State
	logger hclog.Logger

	agenda duty.Agenda[thing]
	now    time.Time // of the last Plan
	known  common    // that things not on the agenda were looked at with

	bindings  map[string]*sb.PortBinding // that may ask for a queue, or lead to a network, by UUID
	localnets map[string]map[string]bool // UUIDs of localnet ports by the UUID of the datapath
	dirty     map[string]bool            // UUIDs of bindings that are to be settled
	demand    demand
	networks  map[string]map[string]bool // UUIDs of localnet ports of local datapaths by the network
	leads     map[string]string          // the network of each of those

	ports    *ports.Ports
	egress   map[string]bool            // UUIDs of ports that are marked as ways out
	users    map[string]map[string]bool // UUIDs of ports by that of their QoS
	qos      map[string]*vswitch.QoS
	queues   map[string]*vswitch.Queue
	numbers  map[string]int  // of those, in a QoS
	reported map[string]bool // UUIDs of ports whose QoS is somebody's own
}

// common is what all ports and queues depend on.
type common struct {
	qos     string          // UUID of our row; "" while there is none
	bridges map[string]bool // UUIDs of those that lead to networks
	needed  bool            // there are a queue and a way out
}

// New makes the Duty.
func New(state *local.State, logger hclog.Logger) *Duty {
	d := &Duty{
		agenda:    duty.Agenda[thing]{Patience: patience},
		state:     state,
		logger:    logger,
		bindings:  map[string]*sb.PortBinding{},
		localnets: map[string]map[string]bool{},
		dirty:     map[string]bool{},
		demand:    demand{of: map[string]queue{}, ids: map[int]map[string]bool{}},
		networks:  map[string]map[string]bool{},
		leads:     map[string]string{},
		egress:    map[string]bool{},
		users:     map[string]map[string]bool{},
		qos:       map[string]*vswitch.QoS{},
		queues:    map[string]*vswitch.Queue{},
		numbers:   map[string]int{},
		reported:  map[string]bool{},
	}
	d.ports = ports.New(d.portChanged)
	return d
}

// Change is duty.Duty's.
func (d *Duty) Change(table string, c ovsdb.Change) {
	id := c.UUID.String()
	switch table {
	case sb.PortBindingTable:
		old, _ := c.Old.(*sb.PortBinding)
		new, _ := c.New.(*sb.PortBinding)
		d.setBinding(id, old, new)
	case vswitch.QoSTable:
		old, _ := c.Old.(*vswitch.QoS)
		new, _ := c.New.(*vswitch.QoS)
		d.setQoS(id, old, new)
	case vswitch.QueueTable:
		if delete(d.queues, id); c.New != nil {
			d.queues[id] = c.New.(*vswitch.Queue)
		}
		d.agenda.Mark(thing{queue: d.numbers[id]})
	default:
		d.ports.Change(c)
	}
}

// setBinding takes in a port that may ask for a queue, or lead to a network.
func (d *Duty) setBinding(id string, old, new *sb.PortBinding) {
	if old != nil && matters(old) {
		d.dirty[id] = true
		delete(d.bindings, id)
		index(d.localnets, old.Datapath, id, false)
	}
	if new != nil && matters(new) {
		d.dirty[id] = true
		d.bindings[id] = new
		index(d.localnets, new.Datapath, id, new.Type == typeLocalnet)
	}
}

func matters(row *sb.PortBinding) bool { return row.Type == typeLocalnet || newQueue(row).id != 0 }

// index has an id in the set of a key, or has it there no more. No set is empty.
func index(sets map[string]map[string]bool, key, id string, is bool) {
	if is {
		if sets[key] == nil {
			sets[key] = map[string]bool{}
		}
		sets[key][id] = true
	} else if delete(sets[key], id); len(sets[key]) == 0 {
		delete(sets, key)
	}
}

// setQoS takes in a QoS, of which the queues matter that have changed.
func (d *Duty) setQoS(id string, old, new *vswitch.QoS) {
	var before, now map[int]string
	if delete(d.qos, id); old != nil {
		before = old.Queues
	}
	if new != nil {
		d.qos[id], now = new, new.Queues
	}
	for number, queue := range before {
		if now[number] != queue {
			delete(d.numbers, queue)
			d.agenda.Mark(thing{queue: number})
		}
	}
	for number, queue := range now {
		if before[number] != queue {
			d.numbers[queue] = number
			d.agenda.Mark(thing{queue: number})
		}
	}
	d.agenda.Mark(thing{})
}

// portChanged takes in a Port that may be a way out, or have a QoS.
func (d *Duty) portChanged(row *vswitch.Port) {
	is := d.ports.Port(row.UUID) == row
	if row.QOS != nil {
		index(d.users, *row.QOS, row.UUID, is)
	}
	marked := is && slices.ContainsFunc(d.ports.Interfaces(row), func(i *vswitch.Interface) bool {
		return strings.EqualFold(i.ExternalIDs["ovn-egress-iface"], "true")
	})
	if marked || d.egress[row.UUID] || row.QOS != nil {
		d.agenda.Mark(thing{port: row.UUID})
	}
	if delete(d.egress, row.UUID); marked {
		d.egress[row.UUID] = true
	}
}

// Changed is duty.Duty's.
func (d *Duty) Changed(f local.Fact) {
	switch f.Kind {
	case local.KindBinding:
		if d.bindings[f.Name] != nil {
			d.dirty[f.Name] = true
		}
	case local.KindDatapath:
		for id := range d.localnets[f.Name] {
			d.dirty[id] = true
		}
	}
}

// Plan is duty.Duty's.
func (d *Duty) Plan(now time.Time, max int) (writes []duty.Write, again time.Time) {
	d.now = now
	for id := range d.dirty {
		d.settle(id)
	}
	clear(d.dirty)
	if now := d.common(); now.qos != d.known.qos || now.needed != d.known.needed || !maps.Equal(now.bridges, d.known.bridges) {
		d.known = now
		d.markAll()
	}
	return d.agenda.Plan(now, max, d.look)
}

// settle works out what a logical port asks for and leads to now.
func (d *Duty) settle(id string) {
	var wants queue
	network, row := "", d.bindings[id]
	switch {
	case row == nil:
	case row.Type != typeLocalnet && d.state.Bound(row) > 0:
		wants = newQueue(row)
	case row.Type == typeLocalnet && d.state.Key(row.Datapath) != 0:
		wants, network = newQueue(row), row.Options["network_name"]
	}
	for _, number := range d.demand.set(id, wants) {
		d.agenda.Mark(thing{queue: number}) // 0, for none, is the QoS row
	}
	index(d.networks, d.leads[id], id, false)
	if delete(d.leads, id); network != "" {
		index(d.networks, network, id, true)
		d.leads[id] = network
	}
}

func (d *Duty) common() common {
	c := common{bridges: map[string]bool{}}
	if ours := d.ours(); len(ours) > 0 {
		c.qos = ours[0]
	}
	for network, bridge := range local.Mappings(d.state.Setting(bridgeMappings)) {
		if id := d.ports.Bridge(bridge); id != "" && len(d.networks[network]) > 0 {
			c.bridges[id] = true
		}
	}
	for port := range d.egress {
		c.needed = c.needed || len(d.demand.of) > 0 && c.bridges[d.ports.On(port)]
	}
	return c
}

// ours are the UUIDs of the QoS rows that OVN has made; one, unless another has come about, or another OVN was here.
func (d *Duty) ours() (ids []string) {
	for id, row := range d.qos {
		if row.Type == qosType && row.ExternalIDs[ovnQoS] == "true" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (d *Duty) markAll() {
	d.agenda.Mark(thing{})
	for id := range d.egress {
		d.agenda.Mark(thing{port: id})
	}
	for _, users := range d.users {
		for id := range users {
			d.agenda.Mark(thing{port: id})
		}
	}
	for number := range d.demand.ids {
		d.agenda.Mark(thing{queue: number})
	}
	for _, number := range d.numbers {
		d.agenda.Mark(thing{queue: number})
	}
}

// Note is duty.Reporter's.
func (d *Duty) Note() string {
	if n := d.agenda.Undone(d.now); n > 0 {
		return fmt.Sprintf("%d queues, or ports that have them, are changed by somebody else, too", n)
	}
	return ""
}

// Lost is duty.Duty's.
func (d *Duty) Lost(database duty.Database) {
	if database == duty.Vswitch {
		d.agenda.Lost()
	}
}
