package registration

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
)

// values are what settings may be.
var values = map[string][]string{
	"hostname":                {"", "a", "b"},
	"ovn-encap-type":          {"", "geneve", "vxlan,geneve", "stt"},
	"ovn-encap-ip":            {"192.0.2.1", "192.0.2.2", "192.0.2.1,192.0.2.2", "192.0.2.3"},
	"ovn-encap-csum":          {"", "true", "false"},
	"ovn-transport-zones":     {"", "x", "y,x"},
	"ovn-bridge-mappings":     {"", "phys:br-ex"},
	"ovn-bridge-mappings-hv1": {"", "own:br-own"},
	"ovn-is-interconn":        {"", "true"},
}

// rows is all that is registered, as text.
func (s *site) rows() string {
	id, row := s.chassis()
	private := s.private()
	return fmt.Sprint(row.Name, row.Hostname, slices.Sorted(slices.Values(row.TransportZones)), row.OtherConfig, len(row.Encaps),
		s.encapTexts(), private.Name, *private.Chassis == id)
}

// meddle has somebody else write what is ours.
func (s *site) meddle(how int) {
	id, _ := s.chassis()
	switch how {
	case 0:
		s.Transact(duty.Southbound, duty.Delete(sb.ChassisTable, id))
	case 1:
		s.Transact(duty.Southbound, duty.Update(sb.ChassisTable, id, libovsdb.Row{
			"hostname": "theirs", "transport_zones": stringSet([]string{"theirs"}), "other_config": duty.Map(map[string]string{"is-interconn": "theirs"})}))
	case 2:
		row, _ := only[sb.ChassisPrivate](s, duty.Southbound, sb.ChassisPrivateTable)
		s.Transact(duty.Southbound, duty.Delete(sb.ChassisPrivateTable, row))
	case 3:
		for encap := range dutytest.Rows[sb.Encap](s.Bench, duty.Southbound, sb.EncapTable) {
			s.Transact(duty.Southbound, duty.Update(sb.EncapTable, encap, libovsdb.Row{"options": duty.Map(map[string]string{"csum": "theirs"})}))
		}
	case 4:
		s.Transact(duty.Southbound, duty.Update(sb.ChassisTable, id, libovsdb.Row{"encaps": duty.Refs()}))
	}
}

// Whatever happened before, what is registered is what the settings say: the same as on a node that starts with them.
func TestModel(t *testing.T) {
	keys := slices.Sorted(maps.Keys(values))
	rapid.Check(t, func(r *rapid.T) {
		s := start(t)
		s.Settle()
		for range rapid.IntRange(1, 5).Draw(r, "steps") {
			for range rapid.IntRange(0, 3).Draw(r, "changes") {
				key := rapid.SampledFrom(keys).Draw(r, "key")
				s.set(key, rapid.SampledFrom(values[key]).Draw(r, key))
			}
			if how := rapid.IntRange(0, 9).Draw(r, "meddling"); how < 5 {
				s.meddle(how)
			}
			s.Now = s.Now.Add(time.Hour) // long after the last time that anybody meddled
			s.Settle()
			fresh := start(t)
			for key, value := range s.settings {
				fresh.set(key, value)
			}
			fresh.set("ovn-encap-type", s.settings["ovn-encap-type"])
			fresh.Settle()
			if got, want := s.rows(), fresh.rows(); got != want {
				r.Fatalf("registered\n%s\nand on a node that starts\n%s\nwith %v", got, want, s.settings)
			}
		}
	})
}
