package patches

import (
	"fmt"
	"maps"
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

// Types of logical ports that have patch ports (ovn-sb(5), Port_Binding, type).
const (
	typeLocalnet  = "localnet"
	typeL2Gateway = "l2gateway"
)

// Tables are what the duty reads.
func Tables() duty.Tables {
	return duty.Tables{
		Vswitch:    ports.Tables(),
		Southbound: []ovsdb.Table{{Name: sb.PortBindingTable, Columns: []string{"logical_port", "type", "datapath", "chassis", "options"}}},
	}
}

// patience is how often in a row something is written at once.
const patience = 10

// Duty keeps the patch ports.
type Duty struct {
	state  *local.State
	bridge string
	logger hclog.Logger

	agenda   duty.Agenda[string] // logical ports, by name
	now      time.Time           // of the last Plan
	known    common              // that the ports not on the agenda were looked at with
	rows     map[string]*sb.PortBinding
	named    map[string]string          // logical ports: UUIDs of rows by name
	on       map[string]map[string]bool // UUIDs of rows by the UUID of the datapath
	ports    *ports.Ports
	patches  patches
	reported map[string]string // what there was to say of a logical port last, so that it is said once
}

// common is what all patch ports depend on.
type common struct {
	self     string            // UUID of this chassis' row
	bridge   string            // UUID of the integration bridge; "" while there is none
	networks map[string]string // UUIDs of bridges, by the network they lead to
}

// New makes the Duty for the integration bridge of this name.
func New(state *local.State, bridge string, logger hclog.Logger) *Duty {
	d := &Duty{
		agenda:   duty.Agenda[string]{Patience: patience},
		state:    state,
		bridge:   bridge,
		logger:   logger,
		rows:     map[string]*sb.PortBinding{},
		named:    map[string]string{},
		on:       map[string]map[string]bool{},
		patches:  newPatches(bridge),
		reported: map[string]string{},
	}
	d.ports = ports.New(d.portChanged)
	return d
}

// Change is duty.Duty's.
func (d *Duty) Change(table string, c ovsdb.Change) {
	if table != sb.PortBindingTable {
		d.ports.Change(c)
		return
	}
	id := c.UUID.String()
	if old, ok := c.Old.(*sb.PortBinding); ok && isPatched(old) {
		d.agenda.Mark(old.LogicalPort)
		delete(d.rows, id)
		if d.named[old.LogicalPort] == id { // not if another row has the name already
			delete(d.named, old.LogicalPort)
		}
		index(d.on, old.Datapath, id, false)
	}
	if new, ok := c.New.(*sb.PortBinding); ok && isPatched(new) {
		d.agenda.Mark(new.LogicalPort)
		d.rows[id], d.named[new.LogicalPort] = new, id
		index(d.on, new.Datapath, id, true)
	}
}

func isPatched(row *sb.PortBinding) bool {
	return row.Type == typeLocalnet || row.Type == typeL2Gateway
}

// Changed is duty.Duty's.
func (d *Duty) Changed(f local.Fact) {
	if f.Kind == local.KindDatapath {
		for id := range d.on[f.Name] {
			d.agenda.Mark(d.rows[id].LogicalPort)
		}
	}
}

// portChanged takes in a Port that may be a patch port.
func (d *Duty) portChanged(row *vswitch.Port) {
	now := patch{}
	if d.ports.Port(row.UUID) == row {
		now = newPatch(row, d.ports.Interface(row), d.ports.On(row.UUID))
	}
	for _, name := range d.patches.set(row.UUID, now) {
		d.agenda.Mark(name)
	}
}

// Plan is duty.Duty's.
func (d *Duty) Plan(now time.Time, max int) (writes []duty.Write, again time.Time) {
	d.now = now
	if now := d.common(); now.self != d.known.self || now.bridge != d.known.bridge || !maps.Equal(now.networks, d.known.networks) {
		d.known = now
		for name := range d.named {
			d.agenda.Mark(name)
		}
		for name := range d.patches.of {
			d.agenda.Mark(name)
		}
	}
	if d.known.bridge == "" {
		return nil, time.Time{}
	}
	return d.agenda.Plan(now, max, d.look)
}

func (d *Duty) common() common {
	c := common{self: d.state.Self(), bridge: d.ports.Bridge(d.bridge), networks: map[string]string{}}
	for network, bridge := range local.Mappings(d.state.Setting(bridgeMappings)) {
		if id := d.ports.Bridge(bridge); id != "" {
			c.networks[network] = id
		}
	}
	return c
}

// Note is duty.Reporter's.
func (d *Duty) Note() string {
	if n := d.agenda.Undone(d.now); n > 0 {
		return fmt.Sprintf("patch ports of %d logical ports are changed by somebody else, too", n)
	}
	return ""
}

// Lost is duty.Duty's.
func (d *Duty) Lost(database duty.Database) {
	if database == duty.Vswitch {
		d.agenda.Lost()
	}
}
