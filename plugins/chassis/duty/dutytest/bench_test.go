package dutytest

import (
	"testing"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// secure wants each bridge to be secure.
type secure struct {
	agenda duty.Agenda[string]
	rows   map[string]*vswitch.Bridge
	seen   []ovsdb.Change
}

func (s *secure) Change(table string, c ovsdb.Change) {
	if s.seen = append(s.seen, c); table == vswitch.BridgeTable {
		s.rows[c.UUID.String()], _ = c.New.(*vswitch.Bridge)
		s.agenda.Mark(c.UUID.String())
	}
}

func (*secure) Changed(local.Fact) {}
func (*secure) Lost(duty.Database) {}

func (s *secure) Plan(now time.Time, max int) ([]duty.Write, time.Time) {
	return s.agenda.Plan(now, max, func(id string) duty.Write {
		if row := s.rows[id]; row == nil || row.FailMode != nil {
			return duty.Write{}
		}
		return duty.Write{What: id, Operations: []ovsdb.Operation{duty.Update(vswitch.BridgeTable, id, libovsdb.Row{"fail_mode": "secure"})}}
	})
}

func TestBench(t *testing.T) {
	s := &secure{rows: map[string]*vswitch.Bridge{}}
	columns := duty.Tables{Vswitch: []ovsdb.Table{{Name: vswitch.BridgeTable, Columns: []string{"fail_mode"}}}}
	b := New(t, "br-int", columns, func(*local.State) duty.Duty { return s })
	b.Transact(duty.Vswitch, duty.Insert(vswitch.BridgeTable, "b", libovsdb.Row{"name": "br-int", "datapath_type": "netdev"}),
		duty.Insert(vswitch.OpenvSwitchTable, "", libovsdb.Row{"bridges": duty.Refs("b")}))
	if writes := b.Settle(); len(writes) != 1 {
		t.Fatalf("%d writes, want 1", len(writes))
	}
	for _, row := range Rows[vswitch.Bridge](b, duty.Vswitch, vswitch.BridgeTable) {
		if row.FailMode == nil || *row.FailMode != "secure" || row.DatapathType != "netdev" {
			t.Errorf("the bridge is %+v", row)
		}
	}
	for _, row := range s.rows {
		if row.Name != "br-int" || row.DatapathType != "" {
			t.Errorf("the duty sees %+v", row)
		}
	}
	refused := b.Apply(duty.Write{Operations: []ovsdb.Operation{duty.Insert(vswitch.BridgeTable, "b", libovsdb.Row{"name": "br-int"}),
		duty.Insert(vswitch.OpenvSwitchTable, "", libovsdb.Row{"bridges": duty.Refs("b")})}})
	if refused == nil {
		t.Error("two bridges of a name are taken")
	}
}
