package ovsdb

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/ovn-org/libovsdb/mapper"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
	"go.uber.org/goleak"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const southbound = "OVN_Southbound"

// patience is how long a test waits for what takes milliseconds on an idle machine.
const patience = 20 * time.Second

// soaking is true when there is time for tests of minutes: `FLOWHOST_SOAK=1 go test ./internal/ovn/ovsdb`.
func soaking() bool { return os.Getenv("FLOWHOST_SOAK") == "1" }

// sbConfig follows tables of a southbound database, and reconnects quickly.
func sbConfig(t testing.TB, endpoints string, tables ...Table) Config {
	model, err := sb.FullDatabaseModel()
	if err != nil {
		t.Fatal(err)
	}
	return Config{Database: southbound, Endpoints: endpoints, Model: model, Tables: tables,
		BackoffMin: 10 * time.Millisecond, BackoffMax: 100 * time.Millisecond}
}

// consumer is what a source does with a client: it applies each batch to what it holds, and nothing else. It checks that each
// change begins with what it has.
type consumer struct {
	*Client
	t testing.TB

	patience time.Duration

	mu      sync.Mutex
	rows    map[string]map[uuid.UUID]Model
	epoch   uint64
	batches []*Batch
	news    chan struct{}
}

// consume runs a client until the test ends.
func consume(t testing.TB, cfg Config) *consumer {
	t.Helper()
	client, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := &consumer{Client: client, t: t, patience: patience, rows: map[string]map[uuid.UUID]Model{}, news: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { client.Run(ctx) })
	running.Go(c.receive)
	t.Cleanup(func() { cancel(); running.Wait() })
	return c
}

func (c *consumer) receive() {
	for batch := range c.Batches() {
		c.mu.Lock()
		c.apply(batch)
		c.mu.Unlock()
		select {
		case c.news <- struct{}{}:
		default:
		}
	}
}

func (c *consumer) apply(batch *Batch) {
	if batch.Epoch < c.epoch {
		c.t.Errorf("epoch fell from %d to %d", c.epoch, batch.Epoch)
	}
	c.epoch = batch.Epoch
	c.batches = append(c.batches, batch)
	for table, change := range batch.All() {
		held := c.rows[table]
		if held == nil {
			held = map[uuid.UUID]Model{}
			c.rows[table] = held
		}
		if change.Old != held[change.UUID] && !reflect.DeepEqual(change.Old, held[change.UUID]) {
			c.t.Errorf("%s %v: old row is %+v, was handed over as %+v", table, change.UUID, change.Old, held[change.UUID])
		}
		switch {
		case change.Old == nil && change.New == nil:
			c.t.Errorf("%s %v: a change of nothing", table, change.UUID)
		case change.New == nil:
			delete(held, change.UUID)
		default:
			held[change.UUID] = change.New
		}
	}
}

// until waits until check, called with the consumer locked, returns nil.
func (c *consumer) until(check func() error) {
	c.t.Helper()
	deadline := time.After(c.patience)
	for {
		c.mu.Lock()
		err := check()
		c.mu.Unlock()
		if err == nil {
			return
		}
		select {
		case <-c.news:
		case <-deadline:
			c.t.Fatalf("not so after %v: %v; state %+v", c.patience, err, c.State())
		}
	}
}

// received is the number of batches so far.
func (c *consumer) received() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.batches)
}

// untilRows waits until a table has so many rows.
func (c *consumer) untilRows(table string, n int) {
	c.t.Helper()
	c.until(func() error {
		if got := len(c.rows[table]); got != n {
			return fmt.Errorf("%s has %d rows, want %d", table, got, n)
		}
		return nil
	})
}

// untilPhase waits until the client is in a phase.
func (c *consumer) untilPhase(phase Phase) {
	c.t.Helper()
	ovstest.Eventually(c.t, c.patience, func() error {
		if state := c.State(); state.Phase != phase {
			return fmt.Errorf("state is %+v", state)
		}
		return nil
	})
}

// dump reads a table's rows from the server with ovsdb-client, and makes models of them with libovsdb.
func dump(t testing.TB, s *ovstest.Sandbox, endpoint, table string, columns ...string) map[uuid.UUID]Model {
	t.Helper()
	out, err := s.Run("ovsdb-client", append([]string{"--no-leader-only", "--format=json", "dump", endpoint, southbound, table}, columns...)...)
	if err != nil {
		t.Fatal(err)
	}
	var text struct {
		Headings []string
		Data     [][]json.RawMessage
	}
	if err := json.Unmarshal([]byte(out), &text); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	rows := map[uuid.UUID]Model{}
	for _, values := range text.Data {
		id, row := modelOf(t, table, text.Headings, values)
		rows[id] = row
	}
	return rows
}

// modelOf makes a model of a row's columns as they are on the wire, by means of libovsdb alone.
func modelOf(t testing.TB, table string, headings []string, values []json.RawMessage) (uuid.UUID, Model) {
	t.Helper()
	columns := map[string]json.RawMessage{}
	for i, heading := range headings {
		columns[heading] = values[i]
	}
	text, err := json.Marshal(columns)
	if err != nil {
		t.Fatal(err)
	}
	var row libovsdb.Row
	if err := json.Unmarshal(text, &row); err != nil {
		t.Fatal(err)
	}
	schema := sb.Schema()
	model := newModel(t, table)
	info, err := mapper.NewInfo(table, schema.Table(table), model)
	if err != nil {
		t.Fatal(err)
	}
	if err := mapper.NewMapper(schema).GetRowData(&row, info); err != nil {
		t.Fatal(err)
	}
	id := row["_uuid"].(libovsdb.UUID).GoUUID
	if err := info.SetField("_uuid", id); err != nil {
		t.Fatal(err)
	}
	return uuid.MustParse(id), model
}

func newModel(t testing.TB, table string) Model {
	switch table {
	case sb.AddressSetTable:
		return &sb.AddressSet{}
	case sb.DatapathBindingTable:
		return &sb.DatapathBinding{}
	case sb.LogicalFlowTable:
		return &sb.LogicalFlow{}
	case sb.MACBindingTable:
		return &sb.MACBinding{}
	case sb.PortBindingTable:
		return &sb.PortBinding{}
	case sb.PortGroupTable:
		return &sb.PortGroup{}
	}
	t.Fatalf("no model for %s", table)
	return nil
}

// differences compares rows, sets as sets.
func differences(want, got map[uuid.UUID]Model) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.SortSlices(func(a, b string) bool { return a < b }))
}

// untilEqual waits until the rows of a table equal those that ovsdb-client reads.
func (c *consumer) untilEqual(s *ovstest.Sandbox, endpoint, table string, columns ...string) {
	c.t.Helper()
	want := dump(c.t, s, endpoint, table, columns...)
	c.until(func() error {
		if diff := differences(want, c.rows[table]); diff != "" {
			return fmt.Errorf("%s differs from the server (-want +got):\n%s", table, diff)
		}
		return nil
	})
}

// transact has ovsdb-client commit operations.
func transact(t testing.TB, s *ovstest.Sandbox, endpoint string, operations ...Operation) {
	t.Helper()
	text, err := json.Marshal(libovsdb.NewTransactArgs(southbound, operations...))
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Run("ovsdb-client", "--no-leader-only", "transact", endpoint, string(text))
	if err != nil {
		t.Fatal(err)
	}
	var results []OperationResult
	if err := json.Unmarshal([]byte(out), &results); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	for _, result := range results {
		if result.Error != "" {
			t.Fatalf("%s: %s", result.Error, result.Details)
		}
	}
}

// addressSet inserts an Address_Set.
func addressSet(name string, addresses ...string) Operation {
	return Operation{Op: libovsdb.OperationInsert, Table: sb.AddressSetTable,
		Row: libovsdb.Row{"name": name, "addresses": stringSet(addresses...)}}
}

func stringSet(elements ...string) libovsdb.OvsSet {
	set := libovsdb.OvsSet{GoSet: []any{}}
	for _, e := range elements {
		set.GoSet = append(set.GoSet, e)
	}
	return set
}

func deleteByName(table, name string) Operation {
	return Operation{Op: libovsdb.OperationDelete, Table: table, Where: []Condition{Equal("name", name)}}
}

// names of the Address_Sets held, sorted.
func (c *consumer) names() []string {
	names := []string{}
	for row := range maps.Values(c.rows[sb.AddressSetTable]) {
		names = append(names, row.(*sb.AddressSet).Name)
	}
	slices.Sort(names)
	return names
}

func (c *consumer) untilNames(want ...string) {
	c.t.Helper()
	c.until(func() error {
		if got := c.names(); !slices.Equal(got, want) {
			return fmt.Errorf("address sets %v, want %v", got, want)
		}
		return nil
	})
}

// sbSchema is the schema that the models are made of.
func sbSchema(t testing.TB) libovsdb.DatabaseSchema {
	t.Helper()
	text, err := json.Marshal(sb.Schema())
	if err != nil {
		t.Fatal(err)
	}
	schema, err := parseSchema(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// watch has a server log every message.
func watch(t testing.TB, s *ovstest.Sandbox, name string) {
	t.Helper()
	control(t, s, name, "vlog/set", "jsonrpc:file:dbg")
}

// control tells a server something over its control socket, which it opens a little later than the other.
func control(t testing.TB, s *ovstest.Sandbox, name string, args ...string) {
	t.Helper()
	ovstest.Eventually(t, patience, func() error {
		_, err := s.Run("ovs-appctl", append([]string{"-t", controlSocket(s, name)}, args...)...)
		return err
	})
}

// controlSocket is where ovs-appctl finds a server.
func controlSocket(s *ovstest.Sandbox, name string) string {
	if name == ovstest.OVSDB {
		return name
	}
	return filepath.Join(s.Dir, "run", name+".ctl")
}

// methods are those of the requests that a server that is watched has received, in order.
func methods(t testing.TB, s *ovstest.Sandbox, name string) []string {
	t.Helper()
	log, err := os.ReadFile(s.Log(name))
	if err != nil {
		t.Fatal(err)
	}
	var methods []string
	for _, found := range receivedRequest.FindAllSubmatch(log, -1) {
		methods = append(methods, string(found[1]))
	}
	return methods
}

var receivedRequest = regexp.MustCompile(`received request, method="([^"]*)"`)

func count(list []string, want string) (n int) {
	for _, got := range list {
		if got == want {
			n++
		}
	}
	return n
}
