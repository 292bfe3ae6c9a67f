// Package registration is a duty of the chassis: its rows in the southbound database, Chassis, Chassis_Private and Encap, by which others
// know it, and how far it is with what the northbound database wants (nb_cfg). That is said once the switch has confirmed it of
// every source whose flows make the network.
package registration

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/sdk"
)

// Config is what New is told of this machine.
type Config struct {
	Bridge   string   // name of the integration bridge
	Hostname string   // unless external_ids:hostname says another
	Sources  []string // owners that must have said nb_cfg
	Started  time.Time
	Logger   hclog.Logger
}

// thing is what there is to keep.
type thing uint8

const (
	chassis  thing = iota // Chassis, its Encaps, and what Chassis_Private has of them
	progress              // nb_cfg of Chassis_Private
	note                  // what the integration bridge's external_ids say of both
	things
)

// Duty keeps the rows of this chassis.
type Duty struct {
	state    *local.State
	cfg      Config
	agenda   duty.Agenda[thing]
	contests [things]contest
	now      time.Time // of the last Plan
	problem  string    // what keeps the chassis from being registered as the settings want it; "" for nothing

	root     *vswitch.OpenvSwitch
	bridge   *vswitch.Bridge // nil while there is none
	bridgeID uuid.UUID
	encaps   map[string]*sb.Encap // by UUID
	ids      map[encap]string     // UUIDs of those. Invariant: ids[e] is a row of encaps that is e
	private  *sb.ChassisPrivate   // the own row; nil while there is none
	rowID    uuid.UUID            // of that

	marks map[string]int // nb_cfg, by the source that has installed it
	nbCfg int            // the smallest of them, if each source has said one
	since time.Time      // when it became that; zero: it is not known
}

// New makes the duty.
func New(state *local.State, cfg Config) *Duty {
	return &Duty{state: state, cfg: cfg, encaps: map[string]*sb.Encap{}, ids: map[encap]string{}, marks: map[string]int{}}
}

// Tables are what it reads.
func Tables() duty.Tables {
	return duty.Tables{
		Vswitch: []ovsdb.Table{
			{Name: vswitch.OpenvSwitchTable, Columns: []string{"external_ids", "iface_types"}},
			{Name: vswitch.BridgeTable, Columns: []string{"name", "datapath_type", "external_ids"}},
		},
		Southbound: []ovsdb.Table{
			{Name: sb.ChassisTable, Columns: []string{"name", "hostname", "encaps", "other_config", "transport_zones"}},
			{Name: sb.ChassisPrivateTable, Columns: []string{"name", "chassis", "nb_cfg"}},
			{Name: sb.EncapTable, Columns: []string{"type", "ip", "options", "chassis_name"}},
		},
	}
}

// Change is duty.Duty's.
func (d *Duty) Change(_ string, c ovsdb.Change) {
	switch row := current(c).(type) {
	case *vswitch.OpenvSwitch:
		if d.root = nil; c.New != nil {
			d.root = row
		}
		d.mark(chassis)
	case *vswitch.Bridge:
		d.setBridge(c.UUID, row, c.New != nil)
	case *sb.Encap:
		d.setEncap(c.UUID.String(), row, c.New != nil)
	case *sb.ChassisPrivate:
		d.setPrivate(c.UUID, row, c.New != nil)
	}
}

// current is the row as it is, or was before it went.
func current(c ovsdb.Change) ovsdb.Model {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

func (d *Duty) setBridge(id uuid.UUID, row *vswitch.Bridge, there bool) {
	switch {
	case there && row.Name == d.cfg.Bridge:
		d.bridge, d.bridgeID = row, id
	case id == d.bridgeID: // one of the name that was made anew has another
		d.bridge = nil
	default:
		return
	}
	d.mark(chassis, note)
}

func (d *Duty) setEncap(id string, row *sb.Encap, there bool) {
	if before := d.encaps[id]; before != nil && d.ids[keyOf(before)] == id {
		delete(d.ids, keyOf(before))
	}
	if delete(d.encaps, id); there {
		d.encaps[id], d.ids[keyOf(row)] = row, id
	}
	d.mark(chassis)
}

func keyOf(row *sb.Encap) encap { return encap{row.Type, row.IP} }

func (d *Duty) setPrivate(id uuid.UUID, row *sb.ChassisPrivate, there bool) {
	switch {
	case there && row.Name == d.name():
		d.private, d.rowID = row, id
	case id == d.rowID:
		d.private = nil
	default:
		return
	}
	d.mark(chassis, progress)
}

func (d *Duty) name() string { return d.state.Setting("system-id") }

func (d *Duty) mark(things ...thing) {
	for _, t := range things {
		d.agenda.Mark(t)
	}
}

// Changed is duty.Duty's.
func (d *Duty) Changed(f local.Fact) {
	switch f.Kind {
	case local.KindSetting, local.KindSelf:
		d.mark(chassis)
	case local.KindChassis:
		if f.Name == d.state.Self() {
			d.mark(chassis)
		}
	}
}

// Marked is duty.Listener's.
func (d *Duty) Marked(m sdk.MarkInstalled) {
	if m.Name != "nb_cfg" || !slices.Contains(d.cfg.Sources, m.Owner) {
		return
	}
	n, err := strconv.Atoi(m.Value)
	if d.marks[m.Owner] = n; err != nil { // it has gone
		delete(d.marks, m.Owner)
	}
	d.mark(progress, note)
}

// Lost is duty.Duty's.
func (d *Duty) Lost(duty.Database) { d.agenda.Lost() }

// Plan is duty.Duty's.
func (d *Duty) Plan(now time.Time, max int) (writes []duty.Write, again time.Time) {
	d.now = now
	for t := range d.contests {
		if d.contests[t].due(now) {
			d.mark(thing(t))
		}
	}
	writes, again = d.agenda.Plan(now, max, d.look)
	for t := range d.contests {
		if until := d.contests[t].until; !until.IsZero() && (again.IsZero() || until.Before(again)) {
			again = until
		}
	}
	return writes, again
}

// Note is duty.Reporter's.
func (d *Duty) Note() string {
	notes := []string{}
	if d.problem != "" {
		notes = append(notes, d.problem)
	}
	for t, what := range d.names() {
		if c := &d.contests[t]; c.fought(d.now) {
			notes = append(notes, fmt.Sprintf(
				"somebody else writes %s of %s, too, and has undone it %d times: another program takes itself for this chassis",
				what, d.name(), c.undone))
		}
	}
	return strings.Join(notes, "; ")
}

// names are what people call things.
func (d *Duty) names() [things]string {
	return [things]string{"row Chassis", "nb_cfg", "external_ids of bridge " + d.cfg.Bridge}
}

// look is what has to be written for a thing.
func (d *Duty) look(t thing) (w duty.Write) {
	if d.bridge == nil || d.root == nil || d.name() == "" {
		return duty.Write{}
	}
	want := ""
	switch t {
	case chassis:
		w, want = d.register()
	case progress:
		w, want = d.report()
	case note:
		w, want = d.annotate()
	}
	switch {
	case want == "": // there is nothing that is wanted yet
	case len(w.Operations) == 0:
		d.contests[t].holds(want)
	default:
		return d.dispute(t, w, want)
	}
	return w
}

// dispute is the Write, unless somebody else has undone the same too often for it to be said now.
func (d *Duty) dispute(t thing, w duty.Write, want string) duty.Write {
	c := &d.contests[t]
	fought := c.fought(d.now)
	now := c.differs(want, d.now)
	if c.fought(d.now) && !fought {
		d.cfg.Logger.Warn("somebody else takes itself for this chassis: what it undoes is written again after pauses",
			"chassis", d.name(), "what", d.names()[t])
	}
	if !now {
		return duty.Write{}
	}
	return w
}
