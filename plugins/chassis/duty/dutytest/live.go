package dutytest

import (
	"context"
	"testing"
	"time"

	"github.com/ovn-org/libovsdb/model"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// quiet is how long no row may change before a Duty is asked what to write.
const quiet = 300 * time.Millisecond

// Live lets a Duty run on servers of both databases.
type Live struct {
	State *local.State
	Duty  duty.Duty

	t       testing.TB
	clients [2]*ovsdb.Client // by duty.Database
	loaded  [2]bool
	done    []func() // to be told when the rows have been taken in
}

// Start follows the databases at these endpoints until the test ends.
func Start(t testing.TB, endpoints [2]string, bridge string, tables duty.Tables, start func(*local.State) duty.Duty) *Live {
	t.Helper()
	l := &Live{State: local.New(bridge), t: t}
	l.Duty = start(l.State)
	l.State.Watch(l.Duty.Changed)
	vswitchModel, err := vswitch.FullDatabaseModel()
	sbModel, err2 := sb.FullDatabaseModel()
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	l.follow(duty.Vswitch, endpoints[duty.Vswitch], vswitchModel, merge(local.AllVswitchTables(), tables.Vswitch))
	l.follow(duty.Southbound, endpoints[duty.Southbound], sbModel, merge(local.AllSouthboundTables(), tables.Southbound))
	return l
}

// merge makes one list of tables that have no column twice.
func merge(lists ...[]ovsdb.Table) (merged []ovsdb.Table) {
	at, seen := map[string]int{}, map[string]bool{}
	for _, list := range lists {
		for _, table := range list {
			i, ok := at[table.Name]
			if !ok {
				i = len(merged)
				at[table.Name] = i
				merged = append(merged, ovsdb.Table{Name: table.Name})
			}
			for _, column := range table.Columns {
				if key := table.Name + " " + column; !seen[key] {
					seen[key] = true
					merged[i].Columns = append(merged[i].Columns, column)
				}
			}
		}
	}
	return merged
}

func (l *Live) follow(which duty.Database, endpoint string, models model.ClientDBModel, tables []ovsdb.Table) {
	l.t.Helper()
	client, err := ovsdb.New(ovsdb.Config{Database: which.String(), Endpoints: endpoint, Model: models, Tables: tables})
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = client.Run(ctx) // which ends with ctx
	}()
	l.t.Cleanup(func() {
		cancel()
		<-ended
	})
	l.clients[which] = client
}

// Settle takes in what changes and writes what is planned, until neither is the case any more. It returns what was written.
func (l *Live) Settle() (all []duty.Write) {
	l.t.Helper()
	for range 50 {
		l.take()
		for _, done := range l.done {
			done()
		}
		l.done = nil
		l.State.Settle()
		writes, _ := l.Duty.Plan(time.Now(), 1000)
		if len(writes) == 0 {
			return all
		}
		for _, w := range writes {
			l.write(w)
		}
		all = append(all, writes...)
	}
	l.t.Fatalf("there is no end of it: %s", all[len(all)-1].What)
	return nil
}

// take takes in changes until all rows are there and none has changed for a while.
func (l *Live) take() {
	l.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		still := time.After(quiet)
		if !l.loaded[duty.Vswitch] || !l.loaded[duty.Southbound] {
			still = nil
		}
		select {
		case b := <-l.clients[duty.Vswitch].Batches():
			l.feed(duty.Vswitch, b)
		case b := <-l.clients[duty.Southbound].Batches():
			l.feed(duty.Southbound, b)
		case <-still:
			return
		case <-deadline:
			l.t.Fatalf("rows do not come to rest; loaded: %v", l.loaded)
		}
	}
}

func (l *Live) feed(which duty.Database, b *ovsdb.Batch) {
	l.loaded[which] = true
	for table, c := range b.All() {
		l.State.Change(c)
		l.Duty.Change(table, c)
	}
}

func (l *Live) write(w duty.Write) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := l.clients[w.Database].Transact(ctx, w.Operations...); err != nil {
		l.t.Fatalf("%s: %v", w.What, err)
	}
	if w.Done != nil {
		l.done = append(l.done, func() { w.Done(nil) })
	}
}
