package apply

import (
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// verify is a comparison of what the switch holds with what is known of it, in the phases after the dump: groups, meters, then
// flows table by table.
//
// It races with nothing: the monitor is armed before it begins, and only the first lane is open. What the switch does after it has
// made a dump, it tells behind that dump; so a report of a change in flight that is older than the change is followed by a newer
// one before the change is answered. When a big load opens other lanes, the verification is given up, and is due again after it.
type verify struct {
	began   time.Time
	tables  []flow.TableID            // not yet asked for
	flows   map[flow.Key]struct{}     // seen in the table that is being read
	objects map[table.Object]*reading // seen
}

// beginVerify begins a verification.
func (l *Loop) beginVerify() {
	v := &verify{began: l.now(), objects: make(map[table.Object]*reading)}
	l.sw.verify = v
	l.readGroups(func(id uint32, r *reading) {
		v.objects[table.Object{Kind: table.Group, ID: id}] = r
	}, func() {
		if l.sw.verify == v {
			l.verifyMeters(v)
		}
	})
}

// verifying is whole for a verification: once that is given up, answers say nothing.
func (l *Loop) verifying(v *verify, part func(swconn.Message), last func(), failed func(error)) answer {
	return l.whole(
		func(m swconn.Message) {
			if l.sw.verify == v {
				part(m)
			}
		},
		func() {
			if l.sw.verify == v {
				last()
			}
		}, failed)
}

func (l *Loop) verifyMeters(v *verify) {
	done := func() { l.verifyObjects(v); l.verifyTables(v) }
	l.ask(func(b []byte, xid uint32) []byte {
		return openflow.AppendMeterDescRequest(b, xid, openflow.MeterAll)
	}, l.verifying(v, func(m swconn.Message) {
		for d, err := range openflow.MeterDescs(m.Data) {
			if err != nil {
				l.dumpFailed(err)
				return
			}
			r := new(reading)
			r.take(meterBody(&d))
			v.objects[table.Object{Kind: table.Meter, ID: d.ID}] = r
		}
	}, done, func(error) { done() })) // a datapath that has no meters
}

// verifyObjects compares the groups and meters that were seen with those that are known.
func (l *Loop) verifyObjects(v *verify) {
	for _, name := range l.table.InstalledObjects() {
		if v.objects[name] == nil {
			v.objects[name] = new(reading)
		}
	}
	for name, r := range v.objects {
		l.observed(name, r)
	}
}

// verifyTables asks which tables hold flows, and goes on with them and with those that should.
func (l *Loop) verifyTables(v *verify) {
	holds := make(map[flow.TableID]bool)
	l.ask(openflow.AppendTableStatsRequest, l.verifying(v, func(m swconn.Message) {
		for s := range openflow.TableStatsOf(m.Data) {
			holds[s.Table] = s.Active > 0
		}
	}, func() {
		for id := range flow.MaxTable + 1 {
			if holds[id] || l.table.InstalledIn(id) > 0 {
				v.tables = append(v.tables, id)
			}
		}
		l.verifyNext(v)
	}, l.dumpFailed))
}

// verifyNext asks for the flows of the next table.
func (l *Loop) verifyNext(v *verify) {
	if len(v.tables) == 0 {
		l.sw.verify = nil
		l.sw.monitor.verified(v.began, l.now())
		return
	}
	id := v.tables[0]
	v.tables = v.tables[1:]
	v.flows = make(map[flow.Key]struct{})
	l.ask(func(b []byte, xid uint32) []byte {
		return openflow.AppendFlowDescRequest(b, xid, uint8(id))
	}, l.verifying(v, l.verifyPart, func() { l.verifyTable(id); l.verifyNext(v) }, l.dumpFailed))
}

func (l *Loop) verifyPart(m swconn.Message) {
	drifted := 0
	l.eachFlow(m, func(f table.Dumped) {
		l.sw.verify.flows[f.Key] = struct{}{}
		if l.table.Observed(f, l.now()) {
			drifted++
		}
	})
	l.sw.monitor.foreign.note(l, drifted, true)
}

// verifyTable finds what is missing in a table that was read.
func (l *Loop) verifyTable(id flow.TableID) {
	seen := l.sw.verify.flows
	if l.table.InstalledIn(id) <= len(seen) && l.lanes.inFlight() == 0 {
		return // all there is known of was among it: each flow seen is installed now
	}
	var gone []flow.Key
	for k := range l.table.Installed(id) {
		if _, there := seen[k]; !there {
			gone = append(gone, k)
		}
	}
	for _, k := range gone {
		l.table.ObservedGone(k, l.now())
	}
	l.sw.monitor.foreign.note(l, len(gone), false)
}
