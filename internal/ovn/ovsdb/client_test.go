package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovstest"
)

func TestFollow(t *testing.T) {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	transact(t, s, s.OVSDB(), addressSet("as1", "10.0.0.1", "10.0.0.2"), addressSet("as2"))
	c := consume(t, sbConfig(t, s.OVSDB(), Table{Name: sb.AddressSetTable}))
	c.untilNames("as1", "as2")
	c.untilEqual(s, s.OVSDB(), sb.AddressSetTable)

	transact(t, s, s.OVSDB(), Operation{Op: libovsdb.OperationMutate, Table: sb.AddressSetTable, Where: []Condition{Equal("name", "as1")},
		Mutations: []libovsdb.Mutation{
			{Column: "addresses", Mutator: libovsdb.MutateOperationInsert, Value: stringSet("10.0.0.0", "10.0.0.9")},
			{Column: "addresses", Mutator: libovsdb.MutateOperationDelete, Value: stringSet("10.0.0.1")},
		}}, deleteByName(sb.AddressSetTable, "as2"), addressSet("as3", "::1"))
	c.untilNames("as1", "as3")
	c.untilEqual(s, s.OVSDB(), sb.AddressSetTable)

	c.mu.Lock()
	defer c.mu.Unlock()
	first, last := c.batches[0], c.batches[len(c.batches)-1]
	if !first.Reload || first.Len() != 2 {
		t.Errorf("first batch: reload %v, %d rows; want true, 2", first.Reload, first.Len())
	}
	if len(c.batches) != 2 || last.Reload || last.Len() != 3 {
		t.Errorf("%d batches, the last: reload %v, %d rows; want 2, false, 3", len(c.batches), last.Reload, last.Len())
	}
	for row := range Rows[sb.AddressSet](last) {
		if row.New != nil && row.New.Name == "as1" && !slices.Equal(row.New.Addresses, []string{"10.0.0.0", "10.0.0.2", "10.0.0.9"}) {
			t.Errorf("addresses %v", row.New.Addresses)
		}
		if row.Old != nil && row.Old.Name == "as1" && !slices.Equal(row.Old.Addresses, []string{"10.0.0.1", "10.0.0.2"}) {
			t.Errorf("addresses before %v", row.Old.Addresses)
		}
	}
}

// What a client asks of a server of today: nothing older is tried, and nothing is asked twice.
func TestMethods(t *testing.T) {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	watch(t, s, ovstest.OVSDB)
	c := consume(t, sbConfig(t, s.OVSDB(), Table{Name: sb.AddressSetTable}))
	c.untilPhase(Ready)
	want := []string{"set_db_change_aware", "monitor_cond", "get_schema", "monitor_cond_since"}
	if got := methods(t, s, ovstest.OVSDB); !slices.Equal(got, want) {
		t.Errorf("the server heard %v, want %v", got, want)
	}
}

// A server that is not there yet is waited for; rows that went, came and changed while it was away are told.
func TestServerAway(t *testing.T) {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	s.Stop(t, ovstest.OVSDB)
	c := consume(t, sbConfig(t, s.OVSDB(), Table{Name: sb.AddressSetTable}))
	c.untilPhase(Waiting)
	if state := c.State(); state.Err == nil {
		t.Errorf("no reason in %+v", state)
	}
	s.Start(t, ovstest.OVSDB)
	c.untilPhase(Ready)
	transact(t, s, s.OVSDB(), addressSet("as1"), addressSet("as2"), addressSet("as3"))
	c.untilNames("as1", "as2", "as3")

	s.Stop(t, ovstest.OVSDB)
	c.untilPhase(Waiting)
	offline := s.Dir + "/db/" + ovstest.OVSDB + ".db"
	if _, err := s.Run("ovsdb-tool", "transact", offline, `["OVN_Southbound",
		{"op":"delete","table":"Address_Set","where":[["name","==","as2"]]},
		{"op":"insert","table":"Address_Set","row":{"name":"as4"}},
		{"op":"update","table":"Address_Set","where":[["name","==","as3"]],"row":{"addresses":"10.0.0.3"}}]`); err != nil {
		t.Fatal(err)
	}
	s.Start(t, ovstest.OVSDB)
	c.untilNames("as1", "as3", "as4")
	c.untilEqual(s, s.OVSDB(), sb.AddressSetTable)
	c.untilPhase(Ready)
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := c.batches[len(c.batches)-1]; last.Len() != 3 || !last.Reload || last.Session != 2 || c.State().Session != 2 {
		t.Errorf("after the restart %d rows changed, reload %v, session %d, ready in session %d; want 3, true, 2, 2",
			last.Len(), last.Reload, last.Session, c.State().Session)
	}
}

// A server killed again and again while another client writes: every transaction that was told to be committed is there in
// the end, and nothing else.
func TestServerKilledUnderLoad(t *testing.T) {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	follower := consume(t, sbConfig(t, s.OVSDB(), Table{Name: sb.AddressSetTable, Columns: []string{"name"}}))
	writer := consume(t, sbConfig(t, s.OVSDB()))
	writer.untilPhase(Ready)
	durable := true
	committed := 0
	for n := range 90 {
		if n%30 == 15 {
			s.Kill(t, ovstest.OVSDB)
			s.Start(t, ovstest.OVSDB)
		}
		commit := Operation{Op: libovsdb.OperationCommit, Durable: &durable}
		switch _, err := writer.Transact(t.Context(), addressSet(fmt.Sprint("as", n)), commit); {
		case err == nil:
			committed++
		case errors.Is(err, ErrConnectionLost), errors.Is(err, ErrNotConnected):
			writer.untilPhase(Ready)
		default:
			t.Fatal(err)
		}
	}
	follower.untilEqual(s, s.OVSDB(), sb.AddressSetTable, "_uuid", "name")
	if got := len(follower.names()); got < committed || got > 90 {
		t.Errorf("%d rows, %d were committed", got, committed)
	}
}

// A State can be had at any time, and those that wait for it are told the latest.
func TestStates(t *testing.T) {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	client, err := New(sbConfig(t, s.OVSDB(), Table{Name: sb.AddressSetTable}))
	if err != nil {
		t.Fatal(err)
	}
	if state := client.State(); state.Phase != Stopped {
		t.Errorf("before Run: %+v", state)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- client.Run(ctx) }()
	first := <-client.Batches()
	seen := map[Phase]bool{}
	for state := range client.States() {
		seen[state.Phase] = true
		if state.Phase == Ready {
			if state.Endpoint != s.OVSDB() || state.Err != nil || state.Method != "monitor_cond_since" || len(state.Missing) != 0 {
				t.Errorf("ready: %+v", state)
			}
			break
		}
	}
	if first.Epoch != 1 || first.Len() != 0 || !first.Reload {
		t.Errorf("first batch of an empty table: %+v", first)
	}
	if err := client.Run(ctx); !errors.Is(err, ErrConfig) {
		t.Errorf("Run a second time: %v, want ErrConfig", err)
	}
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Errorf("Run returned %v", err)
	}
	if state := <-client.States(); state.Phase != Stopped || state.Phase.String() != "stopped" {
		t.Errorf("after Run: %+v", state)
	}
	if _, ok := <-client.Batches(); ok {
		t.Error("a batch after Run has returned")
	}
}

// Each kind of mistake in a Config is refused with ErrConfig, before any I/O.
func TestConfigMistakes(t *testing.T) {
	for name, spoil := range map[string]func(*Config){
		"no endpoint":           func(c *Config) { c.Endpoints = " , " },
		"unknown method":        func(c *Config) { c.Endpoints = "udp:127.0.0.1:6642" },
		"unix without path":     func(c *Config) { c.Endpoints = "unix:" },
		"passive endpoint":      func(c *Config) { c.Endpoints = "unix:/a,ptcp:6642" },
		"other database":        func(c *Config) { c.Database = "Open_vSwitch" },
		"unknown table":         func(c *Config) { c.Tables[0].Name = "Nonesuch" },
		"unknown column":        func(c *Config) { c.Tables[0].Columns = []string{"nonesuch"} },
		"column twice":          func(c *Config) { c.Tables[0].Columns = []string{"name", "name"} },
		"the uuid as a column":  func(c *Config) { c.Tables[0].Columns = []string{"_uuid"} },
		"table twice":           func(c *Config) { c.Tables = append(c.Tables, c.Tables[0]) },
		"unknown column, where": func(c *Config) { c.Tables[0].Where = Any(Equal("nonesuch", "x")) },
		"value of no type":      func(c *Config) { c.Tables[0].Where = Any(Equal("name", func() {})) },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := sbConfig(t, "unix:/nonesuch", Table{Name: sb.AddressSetTable})
			spoil(&cfg)
			if _, err := New(cfg); !errors.Is(err, ErrConfig) {
				t.Errorf("error %v, want ErrConfig", err)
			}
		})
	}
}
