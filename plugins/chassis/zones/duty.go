package zones

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/sdk"
)

// prefix begins the keys that assign zones.
const prefix = "ct-zone-"

// Duty keeps the zones.
type Duty struct {
	state  *local.State
	bridge string // its name
	logger hclog.Logger
	row    uuid.UUID         // of the bridge; uuid.Nil while there is none
	ids    map[string]string // external_ids of the bridge

	users
	assignment
	flushes
	requests map[string]int // zones that the CMS asks for, by name
	// unwritten are the names whose key has to become another. Invariant: once settle has looked at a name, it is here if
	// zones and written differ.
	unwritten map[string]struct{}
	agenda    duty.Agenda[uuid.UUID] // the bridge
}

// New makes the duty for the integration bridge of this name.
func New(state *local.State, bridge string, logger hclog.Logger) *Duty {
	return &Duty{
		state: state, bridge: bridge, logger: logger,
		users: newUsers(), assignment: newAssignment(), flushes: newFlushes(uuid.NewString()),
		requests: map[string]int{}, unwritten: map[string]struct{}{},
	}
}

// Tables are what it reads.
func Tables() duty.Tables {
	return duty.Tables{
		Vswitch:    []ovsdb.Table{{Name: vswitch.BridgeTable, Columns: []string{"name", "external_ids"}}},
		Southbound: []ovsdb.Table{{Name: sb.DatapathBindingTable, Columns: []string{"external_ids"}}},
	}
}

// Change is duty.Duty's.
func (d *Duty) Change(_ string, c ovsdb.Change) {
	if row, is := c.New.(*vswitch.Bridge); is && row.Name == d.bridge {
		d.row = c.UUID
		d.setWritten(row.ExternalIDs)
	} else if _, was := c.Old.(*vswitch.Bridge); was && c.UUID == d.row {
		d.row = uuid.Nil
		d.setWritten(nil)
	}
	before, had := c.Old.(*sb.DatapathBinding)
	after, has := c.New.(*sb.DatapathBinding)
	if had || has {
		d.setRequest(snat(c.UUID.String()), before, after)
	}
}

// setWritten takes in the external_ids of the bridge.
func (d *Duty) setWritten(ids map[string]string) {
	before := d.ids
	d.ids = ids
	for key, text := range before {
		if now, is := ids[key]; !is || now != text {
			if name, zone, is := parse(key, text); is {
				d.left(name, zone)
			}
		}
	}
	for key, text := range ids {
		if then, was := before[key]; !was || then != text {
			if name, zone, is := parse(key, text); is {
				d.wrote(name, zone)
			}
		}
	}
}

// parse reads a key and its value. Not all keys are about zones, and not all of those have one.
func parse(key, text string) (name string, zone int, is bool) {
	if name, is = strings.CutPrefix(key, prefix); !is || name == "" {
		return "", 0, false
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return name, int(n), err == nil
}

// left takes in that a name has a zone no more, as far as its key says. When the zone is its own still, that was not our doing: the
// key will be written again, and connections go on.
func (d *Duty) left(name string, zone int) {
	delete(d.written, name)
	d.holders.drop(zone, name)
	d.mark(name)
	if own, has := d.zones[name]; !has || own != zone {
		d.free(zone)
	}
}

// wrote takes in that a name has a zone, as far as its key says: it is given that, unless it has another.
func (d *Duty) wrote(name string, zone int) {
	d.written[name] = zone
	d.holders.put(zone, name)
	d.mark(name)
	if _, has := d.zones[name]; !has {
		d.give(name, zone)
		d.markOwners(zone)
	}
}

// setRequest takes in which zone the CMS asks for (ovn-nb(5), Logical_Router, options:snat-ct-zone). One that is no zone is none.
func (d *Duty) setRequest(name string, before, after *sb.DatapathBinding) {
	delete(d.requests, name)
	if after != nil {
		text, asks := after.ExternalIDs["snat-ct-zone"]
		zone, err := strconv.ParseUint(text, 10, 16)
		if asks && err == nil {
			d.requests[name] = int(zone)
		} else if asks && (before == nil || before.ExternalIDs["snat-ct-zone"] != text) {
			d.logger.Warn("the zone that a router asks for is none", "datapath", name, "snat-ct-zone", text)
		}
	}
	d.mark(name)
}

// Changed is duty.Duty's.
func (d *Duty) Changed(f local.Fact) { d.users.changed(d.state, f) }

// Marked is duty.Listener's.
func (d *Duty) Marked(m sdk.MarkInstalled) {
	if d.marked(m) {
		d.agenda.Mark(d.row)
	}
}

// Note is duty.Reporter's.
func (d *Duty) Note() string {
	if len(d.starved) == 0 {
		return ""
	}
	return fmt.Sprintf("all conntrack zones are in use, %d more are needed", len(d.starved))
}

// Lost is duty.Duty's.
func (d *Duty) Lost(db duty.Database) {
	if db == duty.Vswitch {
		d.agenda.Lost()
	}
}

// Plan is duty.Duty's. It wants to be called again at once when there is something to Take.
func (d *Duty) Plan(now time.Time, max int) (writes []duty.Write, again time.Time) {
	if d.row == uuid.Nil {
		return nil, time.Time{}
	}
	for len(d.dirty) > 0 {
		d.settle()
		d.agenda.Mark(d.row)
	}
	writes, again = d.agenda.Plan(now, max, d.look)
	if len(d.queue) > 0 {
		again = now
	}
	return writes, again
}

// look writes all keys that can be, at once: the bridge is one row.
func (d *Duty) look(row uuid.UUID) duty.Write {
	gone, set := []any{}, map[string]string{}
	var names []string
	for name := range d.unwritten {
		zone, has := d.zones[name]
		written, is := d.written[name]
		switch {
		case has == is && zone == written:
			delete(d.unwritten, name)
			continue
		case has && d.isReady(name, zone):
			set[prefix+name] = strconv.Itoa(zone)
		case has && !d.isAwaited(name, zone):
			continue
		}
		names = append(names, name)
		if _, there := d.ids[prefix+name]; there { // an insertion leaves keys that are there as they are, also those that have no zone
			gone = append(gone, prefix+name)
		}
	}
	if row != d.row || len(names) == 0 {
		return duty.Write{}
	}
	column := func(mutator libovsdb.Mutator, value any) libovsdb.Mutation {
		return *libovsdb.NewMutation("external_ids", mutator, value)
	}
	return duty.Write{
		What:     what(names),
		Database: duty.Vswitch,
		Operations: []ovsdb.Operation{duty.Mutate(vswitch.BridgeTable, row.String(),
			column(libovsdb.MutateOperationDelete, libovsdb.OvsSet{GoSet: gone}),
			column(libovsdb.MutateOperationInsert, duty.Map(set)))},
	}
}

// what is a Write of these names' zones for people.
func what(names []string) string {
	const most = 5
	slices.Sort(names)
	if n := len(names) - most; n > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", n))
	}
	return "conntrack zones of " + strings.Join(names, ", ")
}
