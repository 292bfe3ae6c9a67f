package table

import (
	"cmp"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// State is how an entry stands.
type State uint8

const (
	StateInstalled   State = iota + 1 // the switch holds the winner
	StatePending                      // a change is due or under way
	StateHeld                         // adopted, and different from the winner, until those who may own it have synced
	StateQuarantined                  // all contenders were refused by the switch
	StateOrphan                       // adopted, and nobody has asked for it
	StateLearned                      // made by a learn action, not by any owner
)

var stateNames = [...]string{
	StateInstalled: "installed", StatePending: "pending", StateHeld: "held",
	StateQuarantined: "quarantined", StateOrphan: "orphan", StateLearned: "learned",
}

func (s State) String() string {
	if int(s) < len(stateNames) && stateNames[s] != "" {
		return stateNames[s]
	}
	return "unknown state"
}

// Contender is one flow that somebody wants for a key.
type Contender struct {
	Owner       string
	UUID        uuid.UUID
	Flow        flow.Flow
	Stale       bool
	Quarantined bool   // does not compete
	Err         string // why it is, or was until it was tried again just now
}

// EntryView shows one key. Nothing in it changes later.
type EntryView struct {
	flow.Key
	Winner     *Contender // nil: none; of a merged conjunction the first, with the union as its flow
	Installed  *flow.Flow // nil: nothing
	State      State
	Contenders []Contender // best first
}

// ObjectView shows one group or meter.
type ObjectView struct {
	Object
	Owner     string // who wants it; "": nobody
	Wanted    Body
	Installed Body
	State     State
	Stale     bool
	Err       string // why it is in quarantine
	Flows     int    // desired flows that name it
}

// OwnerStats counts what is one owner's.
type OwnerStats struct {
	Name        string
	Desired     int // flows
	Stale       int // of them, not mentioned since the session ended or a sync began
	Quarantined int // of them, refused by the switch
	UUIDs       int
	Duplicates  uint64 // flows added twice, ever
	Synced      bool   // has said SyncDone
}

// OwnerView is an owner's configuration and what it has.
type OwnerView struct {
	OwnerSpec
	OwnerStats
}

// Stats counts.
type Stats struct {
	Desired     int          // flows of all owners
	Entries     int          // keys that are desired or installed
	Installed   int          // flows the switch holds, as far as is known
	Pending     int          // entries with a change due or under way
	Quarantined int          // flows refused by the switch
	Stale       int          // flows
	Objects     int          // groups and meters that are desired or installed
	Orphans     int          // entries adopted that nobody has asked for
	Held        int          // entries adopted that wait for their owners
	Lingering   int          // groups that nobody wants or names, and that packets may be on their way to
	Owners      []OwnerStats // in the order of AddOwner
}

// Entries calls yield for each key that is desired or installed, sorted by table, priority (highest first) and match.
func (t *Table) Entries(yield func(EntryView) bool) {
	handles := make([]uint32, 0, t.entries.live())
	t.eachEntry(func(h uint32, _ *entry) { handles = append(handles, h) })
	t.yieldSorted(handles, yield)
}

// EntriesOf is Entries for the keys of which the owner is a contender.
func (t *Table) EntriesOf(id OwnerID) func(yield func(EntryView) bool) {
	return func(yield func(EntryView) bool) {
		o := t.owner(id)
		if o == nil {
			return
		}
		handles := make([]uint32, 0, o.flows)
		t.eachFlow(o, func(d uint32) { handles = append(handles, t.desired.at(d).entry) })
		slices.Sort(handles)
		t.yieldSorted(slices.Compact(handles), yield)
	}
}

func (t *Table) yieldSorted(handles []uint32, yield func(EntryView) bool) {
	slices.SortFunc(handles, func(a, b uint32) int {
		x, y := t.entries.at(a), t.entries.at(b)
		return cmp.Or(cmp.Compare(x.table, y.table), cmp.Compare(y.priority, x.priority), cmp.Compare(x.match, y.match))
	})
	for _, h := range handles {
		if !yield(t.view(h)) {
			return
		}
	}
}

func (t *Table) view(h uint32) EntryView {
	e := t.entries.at(h)
	v := EntryView{Key: e.key(), State: t.state(h)}
	contenders, from, to := t.winners(h)
	for _, d := range contenders {
		v.Contenders = append(v.Contenders, t.viewContender(d))
	}
	if from < to {
		winner := v.Contenders[from]
		winner.Flow.Actions, winner.Flow.Cookie, _ = t.want(h)
		v.Winner = &winner
	}
	if e.installed != 0 {
		v.Installed = &flow.Flow{Key: v.Key, Actions: t.actions.at(e.installed), Cookie: e.cookie}
	}
	return v
}

func (t *Table) viewContender(d uint32) Contender {
	f := t.desired.at(d)
	org := t.origins.at(f.origin)
	o := t.owners[org.owner]
	c := Contender{
		Owner: o.Name, UUID: org.uuid, Stale: f.epoch != o.epoch, Quarantined: !f.competes(),
		Flow: flow.Flow{Key: t.entries.at(f.entry).key(), Actions: t.actions.at(f.actions), Cookie: t.cookie(d)},
	}
	switch q := t.quarantine[d]; {
	case q != nil:
		c.Err = q.err.Error()
	case f.flags&unfit != 0:
		c.Err = errNoRoom.Error()
	}
	return c
}

func (t *Table) state(h uint32) State {
	e := t.entries.at(h)
	_, from, to := t.winners(h)
	switch {
	case e.head[0] == 0 && e.flags&keep != 0 && t.isLearned(e):
		return StateLearned
	case e.head[0] == 0 && e.flags&(adopted|keep) != 0:
		return StateOrphan
	case e.head[0] != 0 && from == to:
		return StateQuarantined
	case e.flags&inflight != 0:
		return StatePending
	case e.flags&damped != 0 && t.damped[h].unstable != nil:
		return StateQuarantined
	case !t.differs(h):
		return StateInstalled
	case e.flags&adopted != 0 && t.held(h):
		return StateHeld
	}
	return StatePending
}

// Objects calls yield for each group and meter that is desired or installed, sorted by kind and id.
func (t *Table) Objects(yield func(ObjectView) bool) {
	for _, name := range slices.SortedFunc(maps.Keys(t.objects), Object.compare) {
		if !yield(t.viewObject(t.objects[name])) {
			return
		}
	}
}

func (t *Table) viewObject(x *object) ObjectView {
	v := ObjectView{Object: x.Object, Wanted: x.body, Installed: x.installed, Flows: len(x.users), State: StatePending}
	if x.owner != nil {
		v.Owner, v.Stale = x.owner.Name, x.epoch != x.owner.epoch
	}
	if x.quarantine != nil {
		v.Err = x.quarantine.err.Error()
	}
	wanted := x.owner != nil
	switch {
	case !wanted && x.flags&(adopted|keep) != 0:
		v.State = StateOrphan
	case x.refused():
		v.State = StateQuarantined
	case x.flags&inflight != 0:
	case wanted == x.present && x.body == x.installed:
		v.State = StateInstalled
	case x.flags&adopted != 0 && t.objectHeld(x):
		v.State = StateHeld
	}
	return v
}

// Owners shows all owners, in the order of AddOwner.
func (t *Table) Owners() []OwnerView {
	var views []OwnerView
	for i, stats := range t.Stats().Owners {
		views = append(views, OwnerView{t.owners[i+1].OwnerSpec, stats})
	}
	return views
}

// Stats counts what is in the table.
func (t *Table) Stats() Stats {
	s := Stats{Entries: t.entries.live(), Objects: len(t.objects), Lingering: len(t.lingering), Installed: t.installed}
	s.Pending = t.inflight + t.small.len() + t.bulk.len() + len(t.dirtyObjects)
	for _, f := range t.flushes {
		if !f.sent {
			s.Pending++
		}
	}
	t.eachEntry(func(h uint32, e *entry) {
		if e.flags&(adopted|keep) == 0 {
			return
		}
		switch t.state(h) {
		case StateOrphan:
			s.Orphans++
		case StateHeld:
			s.Held++
		}
	})
	for _, o := range t.owners[1:] {
		s.Owners = append(s.Owners, OwnerStats{
			Name: o.Name, Desired: o.flows, Stale: o.flows - o.fresh,
			UUIDs: o.uuids, Duplicates: o.duplicates, Synced: o.synced,
		})
		s.Desired += o.flows
		s.Stale += o.flows - o.fresh
	}
	for d := range t.quarantine {
		s.Quarantined++
		s.Owners[t.ownerOf(d).id-1].Quarantined++
	}
	return s
}
