package ovsdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// reducedSchema writes a southbound schema without a table and a column, and with one column of another type.
func reducedSchema(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(ovstest.SouthboundSchema)
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	tables := schema["tables"].(map[string]any)
	columns := func(table string) map[string]any { return tables[table].(map[string]any)["columns"].(map[string]any) }
	delete(tables, sb.ChassisTemplateVarTable)
	delete(columns(sb.PortGroupTable), "ports")
	columns(sb.AddressSetTable)["addresses"] = map[string]any{"type": "integer"}
	schema["version"] = "20.0.0"
	text, err = json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "reduced.ovsschema")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// An older server is followed as far as its schema goes; when its database is converted, the rest comes.
func TestSchemaLacks(t *testing.T) {
	s := ovstest.StartServer(t, reducedSchema(t))
	transact(t, s, s.OVSDB(),
		Operation{Op: "insert", Table: sb.AddressSetTable, Row: map[string]any{"name": "as1", "addresses": 5}},
		Operation{Op: "insert", Table: sb.PortGroupTable, Row: map[string]any{"name": "pg1"}})
	c := consume(t, sbConfig(t, s.OVSDB(),
		Table{Name: sb.AddressSetTable},
		Table{Name: sb.PortGroupTable, Where: Any(Includes("ports", "port1"), Equal("name", "pg1"))},
		Table{Name: sb.ChassisTemplateVarTable, Where: Any(Includes("variables", map[string]string{"a": "b"}))}))
	c.untilNames("as1")
	c.untilRows(sb.PortGroupTable, 1)
	c.untilPhase(Ready)
	want := []string{"Address_Set.addresses", "Chassis_Template_Var", "Port_Group.ports"}
	none := consume(t, sbConfig(t, s.OVSDB(), Table{Name: sb.AddressSetTable, Columns: []string{"addresses"}}))
	none.untilRows(sb.AddressSetTable, 1) // a row without columns is a row
	missing := slices.Sorted(slices.Values(c.State().Missing))
	if !slices.Equal(missing, want) {
		t.Errorf("missing %v, want %v", missing, want)
	}
	epoch, err := c.SetConditions(map[string]Where{sb.PortGroupTable: Any(Includes("ports", "port1")), sb.ChassisTemplateVarTable: {}})
	if err != nil {
		t.Fatal(err)
	}
	c.untilEpoch(epoch)
	c.untilRows(sb.PortGroupTable, 0)

	transact(t, s, s.OVSDB(), deleteByName(sb.AddressSetTable, "as1"), Operation{Op: "insert", Table: sb.AddressSetTable, Row: map[string]any{"name": "as2"}})
	c.untilNames("as2")
	transact(t, s, s.OVSDB(), deleteByName(sb.AddressSetTable, "as2"))
	if _, err := s.Run("ovsdb-client", "convert", s.OVSDB(), ovstest.SouthboundSchema); err != nil {
		t.Fatal(err)
	}
	transact(t, s, s.OVSDB(), addressSet("as3", "10.0.0.3"),
		Operation{Op: "insert", Table: sb.PortGroupTable, Row: map[string]any{"name": "pg2", "ports": "port1"}},
		Operation{Op: "insert", Table: sb.ChassisTemplateVarTable, Row: map[string]any{"chassis": "ch1"}})
	c.untilEqual(s, s.OVSDB(), sb.AddressSetTable)
	c.untilRows(sb.PortGroupTable, 1)
	c.untilRows(sb.ChassisTemplateVarTable, 1)
	ovstest.Eventually(t, patience, func() error {
		if state := c.State(); state.Phase != Ready || len(state.Missing) != 0 {
			return fmt.Errorf("state %+v", state)
		}
		return nil
	})
}

func TestSchemaMistakes(t *testing.T) {
	for _, text := range []string{``, `[]`, `{"tables":1}`, `{"tables":{"T":{"columns":{"c":{}}}}}`, `{"tables":{"T":{"columns":{"c":{"type":"odd"}}}}}`} {
		if _, err := parseSchema(text); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: error %v, want ErrProtocol", text, err)
		}
	}
	// What libovsdb takes, and no field can hold.
	for _, column := range []string{`{"type":{}}`, `{"type":{"key":{"type":"odd"}}}`, `{"type":{"key":"integer"}}`, `{"type":{"key":"string","value":"string","max":"unlimited"}}`} {
		schema, err := parseSchema(`{"tables":{"Address_Set":{"columns":{"name":{"type":"string"},"addresses":` + column + `}}}}`)
		if err != nil {
			continue
		}
		if missing := addressSets(t).adapt(schema); !slices.Equal(missing, []string{"Address_Set.addresses"}) {
			t.Errorf("%s: missing %v", column, missing)
		}
	}
}

func TestAdmits(t *testing.T) {
	schema := sbSchema(t)
	for _, test := range []struct {
		table, column string
		value         any
		want          bool
	}{
		{sb.DatapathBindingTable, "tunnel_key", 1, true},
		{sb.DatapathBindingTable, "tunnel_key", 0, false},
		{sb.DatapathBindingTable, "tunnel_key", 1 << 24, false},
		{sb.DatapathBindingTable, "tunnel_key", "1", false},
		{sb.DatapathBindingTable, "tunnel_key", 1.0, false},
		{sb.DatapathBindingTable, "external_ids", notation(map[string]string{"a": "b"}), true},
		{sb.DatapathBindingTable, "external_ids", "a", false},
		{sb.DatapathBindingTable, "_uuid", true, false},
		{sb.AddressSetTable, "name", stringSet("a", "b"), false},
		{sb.AddressSetTable, "name", stringSet(), false},
		{sb.DatapathBindingTable, "_uuid", libovsdb.UUID{GoUUID: someUUID}, true},
		{sb.MACBindingTable, "timestamp", 1 << 40, true},
		{sb.MACBindingTable, "datapath", libovsdb.UUID{GoUUID: someUUID}, true},
		{sb.MACBindingTable, "datapath", someUUID, false},
		{sb.AddressSetTable, "addresses", "a", true},
		{sb.AddressSetTable, "addresses", stringSet("a", "b"), true},
		{sb.AddressSetTable, "addresses", libovsdb.OvsSet{GoSet: []any{"a", 1}}, false},
		{sb.AddressSetTable, "addresses", notation(map[string]string{"a": "b"}), false},
		{sb.PortBindingTable, "up", true, true},
		{sb.PortBindingTable, "up", 1, false},
		{sb.LoadBalancerTable, "protocol", "tcp", true},
		{sb.LoadBalancerTable, "protocol", "dccp", false},
		{sb.LogicalFlowTable, "match", nil, false},
	} {
		if got := admits(schema.Table(test.table).Column(test.column), test.value); got != test.want {
			t.Errorf("%s.%s may be %v: %v, want %v", test.table, test.column, test.value, got, test.want)
		}
	}
}
