package ovsdb

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovstest"
)

func TestConditions(t *testing.T) {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	watch(t, s, ovstest.OVSDB)
	transact(t, s, s.OVSDB(), addressSet("as1", "10.0.0.1"), addressSet("as2", "10.0.0.2"), addressSet("as3", "10.0.0.1", "10.0.0.2"),
		datapath(1, map[string]string{"name": "sw0"}), datapath(2, map[string]string{"name": "sw1", "more": "x"}))
	c := consume(t, sbConfig(t, s.OVSDB(), Table{Name: sb.AddressSetTable, Where: Any()}, Table{Name: sb.DatapathBindingTable, Where: Any()}))
	c.untilEpoch(1)
	c.untilNames()

	set := func(table string, where Where) uint64 {
		t.Helper()
		epoch, err := c.SetConditions(map[string]Where{table: where})
		if err != nil {
			t.Fatal(err)
		}
		return epoch
	}
	for _, test := range []struct {
		where Where
		want  []string
	}{
		{Any(Equal("name", "as2")), []string{"as2"}},
		{Any(Includes("addresses", "10.0.0.1")), []string{"as1", "as3"}},
		{Any(Includes("addresses", "10.0.0.1"), Equal("name", "as2")), []string{"as1", "as2", "as3"}},
		{Any(Equal("addresses", []string{"10.0.0.1", "10.0.0.2"})), []string{"as3"}},
		{Where{}, []string{"as1", "as2", "as3"}},
		{Any(), []string{}},
	} {
		epoch := set(sb.AddressSetTable, test.where)
		c.untilEpoch(epoch)
		c.untilNames(test.want...)
		if again := set(sb.AddressSetTable, test.where); again != epoch {
			t.Errorf("the same conditions again: epoch %d, want %d", again, epoch)
		}
	}
	c.untilEpoch(set(sb.DatapathBindingTable, Any(Includes("external_ids", map[string]string{"name": "sw1"}))))
	c.untilRows(sb.DatapathBindingTable, 1)
	c.mu.Lock()
	var id uuid.UUID
	for id = range c.rows[sb.DatapathBindingTable] {
	}
	c.mu.Unlock()
	c.untilEpoch(set(sb.DatapathBindingTable, Any(Equal("tunnel_key", 1))))
	c.untilRows(sb.DatapathBindingTable, 1)
	c.untilEpoch(set(sb.DatapathBindingTable, Any(Equal("_uuid", id), Equal("tunnel_key", 1))))
	c.untilRows(sb.DatapathBindingTable, 2)

	none := set(sb.DatapathBindingTable, Any(Equal("tunnel_key", 0), Equal("tunnel_key", "1"), Equal("external_ids", "x"), Equal("_uuid", true)))
	c.untilEpoch(none) // values that the columns cannot have: the server would refuse them
	c.untilRows(sb.DatapathBindingTable, 0)
	asked := count(methods(t, s, ovstest.OVSDB), "monitor_cond_change")
	if asked == 0 {
		t.Error("the server heard no monitor_cond_change")
	}
	var last uint64
	for n := range 100 { // faster than the server answers: what comes meanwhile goes into one request
		last = set(sb.AddressSetTable, Any(Equal("name", fmt.Sprint("as", n))))
	}
	c.untilEpoch(last)
	if n := count(methods(t, s, ovstest.OVSDB), "monitor_cond_change") - asked; n > 50 {
		t.Errorf("%d requests for 100 changes", n)
	}
}

func datapath(key int, ids map[string]string) Operation {
	return Operation{Op: libovsdb.OperationInsert, Table: sb.DatapathBindingTable, Row: libovsdb.Row{"tunnel_key": key, "external_ids": notation(ids)}}
}

func TestConditionMistakes(t *testing.T) {
	client, err := New(sbConfig(t, "unix:/nonesuch", Table{Name: sb.AddressSetTable}))
	if err != nil {
		t.Fatal(err)
	}
	for name, conditions := range map[string]map[string]Where{
		"table not followed": {sb.DNSTable: Any()},
		"unknown column":     {sb.AddressSetTable: Any(Equal("nonesuch", 1))},
		"value of no type":   {sb.AddressSetTable: Any(Equal("name", make(chan int)))},
	} {
		if epoch, err := client.SetConditions(conditions); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: epoch %d, error %v, want ErrConfig", name, epoch, err)
		}
	}
	if epoch, err := client.SetConditions(map[string]Where{sb.AddressSetTable: Any()}); epoch != 2 || err != nil {
		t.Errorf("epoch %d, error %v; want 2: nothing was changed before", epoch, err)
	}
}

// Conditions set while there is no server, or while a request for others is on the way, hold after the reconnect.
func TestConditionsWhileAway(t *testing.T) {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	transact(t, s, s.OVSDB(), addressSet("as1"), addressSet("as2"), addressSet("as3"))
	c := consume(t, sbConfig(t, s.OVSDB(), Table{Name: sb.AddressSetTable, Where: Any(Equal("name", "as1"))}))
	c.untilNames("as1")

	s.Pause(t, ovstest.OVSDB)
	if _, err := c.SetConditions(map[string]Where{sb.AddressSetTable: Any(Equal("name", "as2"))}); err != nil {
		t.Fatal(err)
	}
	s.Kill(t, ovstest.OVSDB)
	c.untilPhase(Waiting)
	epoch, err := c.SetConditions(map[string]Where{sb.AddressSetTable: Any(Equal("name", "as3"))})
	if err != nil {
		t.Fatal(err)
	}
	s.Start(t, ovstest.OVSDB)
	c.untilEpoch(epoch)
	c.untilNames("as3")
}
