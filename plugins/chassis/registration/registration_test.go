package registration

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
	"github.com/flowhost/flowhost/sdk"
)

// started is when the duty of a test was.
var started = time.UnixMilli(1700000000000)

// site is a chassis in memory.
type site struct {
	*dutytest.Bench
	*Duty
	t        *testing.T
	settings map[string]string
}

// start makes a chassis hv1 that says how it is reached.
func start(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, settings: map[string]string{}}
	s.Bench = dutytest.New(t, "br-int", Tables(), func(state *local.State) duty.Duty {
		s.Duty = New(state, Config{Bridge: "br-int", Hostname: "machine", Sources: []string{"lflow", "physical"}, Started: started,
			Logger: hclog.NewNullLogger()})
		return s.Duty
	})
	s.Now = started.Add(time.Second)
	s.Transact(duty.Vswitch,
		duty.Insert(vswitch.BridgeTable, "bridge", libovsdb.Row{"name": "br-int", "datapath_type": "netdev"}),
		duty.Insert(vswitch.OpenvSwitchTable, "root", libovsdb.Row{
			"bridges": duty.Refs("bridge"), "iface_types": stringSet([]string{"geneve", "vxlan"})}))
	s.set("system-id", "hv1", "ovn-encap-ip", "192.0.2.1", "ovn-encap-type", "geneve")
	return s
}

// set gives settings other values; "" takes one away.
func (s *site) set(pairs ...string) {
	s.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if s.settings[pairs[i]] = pairs[i+1]; pairs[i+1] == "" {
			delete(s.settings, pairs[i])
		}
	}
	for id := range dutytest.Rows[vswitch.OpenvSwitch](s.Bench, duty.Vswitch, vswitch.OpenvSwitchTable) {
		s.Transact(duty.Vswitch, duty.Update(vswitch.OpenvSwitchTable, id, libovsdb.Row{"external_ids": duty.Map(s.settings)}))
	}
}

// only is the one row of a table.
func only[T any](s *site, from duty.Database, table string) (id string, row *T) {
	s.t.Helper()
	rows := dutytest.Rows[T](s.Bench, from, table)
	if len(rows) != 1 {
		s.t.Fatalf("%d rows of %s", len(rows), table)
	}
	for id, row = range rows {
	}
	return id, row
}

func (s *site) chassis() (string, *sb.Chassis) {
	return only[sb.Chassis](s, duty.Southbound, sb.ChassisTable)
}

func (s *site) private() *sb.ChassisPrivate {
	_, row := only[sb.ChassisPrivate](s, duty.Southbound, sb.ChassisPrivateTable)
	return row
}

// encapTexts are the rows of Encap.
func (s *site) encapTexts() (list []string) {
	for _, row := range dutytest.Rows[sb.Encap](s.Bench, duty.Southbound, sb.EncapTable) {
		list = append(list, row.Type+" "+row.IP+" "+row.Options["csum"]+" "+row.ChassisName)
	}
	slices.Sort(list)
	return list
}

func (s *site) wantEncaps(want ...string) {
	s.t.Helper()
	if got := s.encapTexts(); !slices.Equal(got, want) {
		s.t.Errorf("encapsulations are %q, want %q", got, want)
	}
}

// What is registered is what ovn-controller 23.03 registers with the same settings.
func TestRegisters(t *testing.T) {
	s := start(t)
	s.Settle()
	id, row := s.chassis()
	want := map[string]string{
		"ct-no-masked-label": "true", "mac-binding-timestamp": "true", "ovn-ct-lb-related": "true", "port-up-notif": "true",
		"datapath-type": "netdev", "iface-types": "geneve,vxlan", "is-interconn": "false", "ovn-monitor-all": "false",
		"ovn-bridge-mappings": "", "ovn-chassis-mac-mappings": "", "ovn-cms-options": "", "ovn-enable-lflow-cache": "true",
		"ovn-limit-lflow-cache": "", "ovn-memlimit-lflow-cache-kb": "", "ovn-trim-limit-lflow-cache": "",
		"ovn-trim-timeout-ms": "", "ovn-trim-wmark-perc-lflow-cache": "",
	}
	if row.Name != "hv1" || row.Hostname != "machine" || len(row.TransportZones) != 0 || row.NbCfg != 0 || !maps.Equal(row.OtherConfig, want) {
		t.Errorf("registered %+v", row)
	}
	if p := s.private(); p.Name != "hv1" || p.Chassis == nil || *p.Chassis != id || p.NbCfg != 0 || p.NbCfgTimestamp != 0 {
		t.Errorf("private row %+v", p)
	}
	s.wantEncaps("geneve 192.0.2.1 true hv1")
	if s.Note() != "" {
		t.Errorf("note %q", s.Note())
	}
}

// Settings count while it runs, and what others have written beside them stays.
func TestSettingsChange(t *testing.T) {
	s := start(t)
	s.Settle()
	id, _ := s.chassis()
	s.Transact(duty.Southbound,
		duty.Update(sb.ChassisTable, id, libovsdb.Row{"nb_cfg": 7, "external_ids": duty.Map(map[string]string{"mine": "1"})}),
		duty.SetKeys(sb.ChassisTable, id, "other_config", map[string]string{"is-remote": "true"}))
	s.set("hostname", "other", "ovn-encap-type", "vxlan,geneve", "ovn-encap-ip", "192.0.2.1, 192.0.2.2", "ovn-transport-zones", "b,a",
		"ovn-bridge-mappings", "phys:br-ex", "ovn-is-interconn", "true", "ovn-cms-options-hv1", "enable-chassis-as-gw", "ovn-cms-options", "x")
	s.Settle()
	same, row := s.chassis()
	if same != id || row.Hostname != "other" || !sameSet(row.TransportZones, []string{"a", "b"}) ||
		row.NbCfg != 7 || row.ExternalIDs["mine"] != "1" {
		t.Errorf("changed to %+v", row)
	}
	for key, want := range map[string]string{"is-remote": "true", "ovn-bridge-mappings": "phys:br-ex", "is-interconn": "true",
		"ovn-cms-options": "enable-chassis-as-gw"} {
		if got := row.OtherConfig[key]; got != want {
			t.Errorf("other_config:%s is %q, want %q", key, got, want)
		}
	}
	s.wantEncaps("geneve 192.0.2.1 true hv1", "geneve 192.0.2.2 true hv1", "vxlan 192.0.2.1 true hv1", "vxlan 192.0.2.2 true hv1")

	s.set("ovn-encap-type", "geneve", "ovn-encap-ip", "192.0.2.2", "ovn-encap-csum", "false", "ovn-transport-zones", "")
	s.Settle()
	s.wantEncaps("geneve 192.0.2.2 false hv1")
	if _, row := s.chassis(); len(row.Encaps) != 1 || len(row.TransportZones) != 0 {
		t.Errorf("changed to %+v", row)
	}
}

// What is missing or wrong is told, and what there is of the rows stays.
func TestProblems(t *testing.T) {
	s := start(t)
	s.set("ovn-encap-ip", "")
	s.Settle()
	if len(s.encapTexts()) != 0 || !strings.Contains(s.Note(), "ovn-encap-ip") {
		t.Errorf("registered %q without an address; note %q", s.encapTexts(), s.Note())
	}
	s.set("ovn-encap-ip", "192.0.2.1", "ovn-encap-type", "geneve,smoke")
	s.Settle()
	s.wantEncaps("geneve 192.0.2.1 true hv1")
	if !strings.Contains(s.Note(), "smoke") {
		t.Errorf("note %q", s.Note())
	}
	s.set("ovn-encap-ip", "", "ovn-encap-type", "")
	s.Settle()
	s.wantEncaps("geneve 192.0.2.1 true hv1")
}

// An encapsulation that another chassis has is waited for.
func TestEncapsulationIsTaken(t *testing.T) {
	s := start(t)
	s.Transact(duty.Southbound,
		duty.Insert(sb.EncapTable, "e", libovsdb.Row{"type": "geneve", "ip": "192.0.2.1", "chassis_name": "other"}),
		duty.Insert(sb.ChassisTable, "c", libovsdb.Row{"name": "other", "encaps": duty.Refs("e")}))
	if writes := s.Settle(); len(writes) != 1 || writes[0].Database != duty.Vswitch {
		t.Errorf("wrote %v", writes)
	}
	if !strings.Contains(s.Note(), "chassis other has the encapsulation geneve 192.0.2.1 already") {
		t.Errorf("note %q", s.Note())
	}
	id, _ := s.chassis()
	s.Transact(duty.Southbound, duty.Delete(sb.ChassisTable, id))
	s.Settle()
	s.wantEncaps("geneve 192.0.2.1 true hv1")
	if s.Note() != "" {
		t.Errorf("note %q", s.Note())
	}
}

// Rows that others change or delete are put back: at once, but not for ever.
func TestContest(t *testing.T) {
	s := start(t)
	s.Settle()
	undo := func() {
		id, _ := s.chassis()
		s.Transact(duty.Southbound, duty.Update(sb.ChassisTable, id, libovsdb.Row{"hostname": "theirs"}))
	}
	for range tolerated {
		undo()
		s.Settle()
		if _, row := s.chassis(); row.Hostname != "machine" || s.Note() != "" {
			t.Fatalf("hostname %s, note %q", row.Hostname, s.Note())
		}
	}
	pauses := []time.Duration{}
	for range 8 {
		undo()
		before := s.Now
		for range 100 {
			s.Settle()
			if _, row := s.chassis(); row.Hostname == "machine" {
				break
			}
			_, again := s.Duty.Plan(s.Now, 10)
			if !again.After(s.Now) {
				t.Fatalf("waits until %v at %v", again, s.Now)
			}
			s.Now = again
		}
		pauses = append(pauses, s.Now.Sub(before))
	}
	if want := []time.Duration{1e9, 2e9, 4e9, 8e9, 16e9, 32e9, 60e9, 60e9}; !slices.Equal(pauses, want) {
		t.Errorf("pauses %v, want %v", pauses, want)
	}
	if !strings.Contains(s.Note(), "somebody else writes row Chassis of hv1, too, and has undone it 11 times") {
		t.Errorf("note %q", s.Note())
	}
	s.Now = s.Now.Add(time.Hour)
	undo()
	s.Settle()
	if _, row := s.chassis(); row.Hostname != "machine" || s.Note() != "" {
		t.Errorf("after an hour: hostname %s, note %q", row.Hostname, s.Note())
	}
}

// A chassis that was deleted registers again.
func TestDeleted(t *testing.T) {
	s := start(t)
	s.Settle()
	id, _ := s.chassis()
	s.Transact(duty.Southbound, duty.Delete(sb.ChassisTable, id))
	s.Settle()
	if id, _ := s.chassis(); *s.private().Chassis != id {
		t.Error("the private row is of another chassis")
	}
	s.wantEncaps("geneve 192.0.2.1 true hv1")
}

func (s *site) mark(owner, value string) {
	s.Marked(sdk.MarkInstalled{Owner: owner, Name: "nb_cfg", Value: value})
	s.Settle()
}

// nb_cfg is what all sources have reached.
func TestProgress(t *testing.T) {
	s := start(t)
	s.Settle()
	ids := func() map[string]string {
		_, row := only[vswitch.Bridge](s, duty.Vswitch, vswitch.BridgeTable)
		return row.ExternalIDs
	}
	if got := ids(); len(got) != 1 || got["ovn-startup-ts"] != "1700000000000" {
		t.Errorf("external_ids of the bridge: %v", got)
	}
	for _, step := range []struct {
		owner, value string
		want         int
	}{
		{"lflow", "3", 0}, {"stranger", "9", 0}, {"physical", "2", 2}, {"physical", "4", 3}, {"lflow", "4", 4},
		{"lflow", "", 4}, {"physical", "5", 4}, {"lflow", "5", 5}, {"lflow", "1", 1},
	} {
		s.Now = s.Now.Add(time.Second)
		before := s.private()
		s.mark(step.owner, step.value)
		after := s.private()
		if after.NbCfg != step.want || (after.NbCfg != before.NbCfg) != (after.NbCfgTimestamp == int(s.Now.UnixMilli())) {
			t.Errorf("after %+v: %+v", step, after)
		}
	}
	if got := ids(); got["ovn-nb-cfg"] != "1" || got["ovn-nb-cfg-ts"] != strconv.FormatInt(s.Now.UnixMilli(), 10) || len(got) != 3 {
		t.Errorf("external_ids of the bridge: %v", got)
	}
	if s.Note() != "" {
		t.Errorf("note %q", s.Note())
	}
}

// Who acknowledges in this chassis' name is told.
func TestProgressOfAnother(t *testing.T) {
	s := start(t)
	s.mark("lflow", "3")
	s.mark("physical", "3")
	for range tolerated + 1 {
		id, _ := only[sb.ChassisPrivate](s, duty.Southbound, sb.ChassisPrivateTable)
		s.Transact(duty.Southbound, duty.Update(sb.ChassisPrivateTable, id, libovsdb.Row{"nb_cfg": 4}))
		s.Settle()
	}
	if !strings.Contains(s.Note(), "somebody else writes nb_cfg of hv1") {
		t.Errorf("note %q", s.Note())
	}
}
