package queues

import (
	"slices"
	"strings"
	"testing"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
)

// model is a bench that is changed at random, and what it was changed to.
type model struct {
	*bench
	t       *rapid.T
	options map[string]map[string]string // of logical ports
	plugged map[string]string            // logical ports by interface
	egress  map[string]bool
	mapped  bool
}

func (m *model) edit() {
	name := dutytest.Pick(m.t, "ln", "vif0", "vif1", "vif2")
	switch dutytest.Pick(m.t, "port", "port", "port", "gone", "plug", "plug", "egress", "mappings", "mess") {
	case "port":
		options := []string{dutytest.Pick(m.t, "type=", "type=", "type=localnet"), dutytest.Pick(m.t, "network_name=a", "network_name=b"), dutytest.Pick(m.t, "qdisc_queue_id=1", "qdisc_queue_id=2", "x="),
			dutytest.Pick(m.t, "qos_max_rate=9", "qos_max_rate=8", "x="), dutytest.Pick(m.t, "qos_burst=5", "x=")}
		m.add(name, options...)
		m.options[name] = table(options)
	case "gone":
		if id := m.binding(name); id != "" {
			m.Transact(duty.Southbound, duty.Delete(sb.PortBindingTable, id))
			delete(m.options, name)
		}
	case "plug":
		tap := dutytest.Pick(m.t, "tap0", "tap1")
		m.plugged[tap] = dutytest.Pick(m.t, "vif0", "vif1", "ln", "none")
		m.set(tap, "iface-id="+m.plugged[tap])
	case "egress":
		eth := dutytest.Pick(m.t, "eth0", "eth1")
		if delete(m.egress, eth); dutytest.Pick(m.t, true, true, false) {
			m.egress[eth] = true
			m.set(eth, "ovn-egress-iface=true")
		} else {
			m.set(eth)
		}
	case "mappings":
		m.mapped = dutytest.Pick(m.t, true, true, false)
		m.mappings(map[bool]string{true: "a:br-a", false: "b:br-none"}[m.mapped])
	case "mess":
		m.mess()
	}
}

// mess changes rows of the duty's.
func (m *model) mess() {
	queue := find(m.bench, duty.Vswitch, vswitch.QueueTable, func(*vswitch.Queue) bool { return true })
	qos := find(m.bench, duty.Vswitch, vswitch.QoSTable, func(*vswitch.QoS) bool { return true })
	switch kind := dutytest.Pick(m.t, "rates", "queues", "port", "another", "both"); {
	case kind == "rates" && queue != "":
		m.Transact(duty.Vswitch, duty.Update(vswitch.QueueTable, queue, libovsdb.Row{"other_config": duty.Map(map[string]string{"min-rate": "1"})}))
	case kind == "port":
		m.Transact(duty.Vswitch, duty.Update(vswitch.PortTable, m.port(dutytest.Pick(m.t, "eth0", "eth1", "tap0")), libovsdb.Row{"qos": duty.Refs()}))
	case kind == "another" && qos != "":
		m.Transact(duty.Vswitch, duty.Update(vswitch.PortTable, m.port("tap1"), libovsdb.Row{"qos": duty.Ref(qos)}))
	case kind == "both":
		m.Transact(duty.Vswitch, duty.Insert(vswitch.QueueTable, "q", libovsdb.Row{"external_ids": duty.Map(map[string]string{ovnPort: "else"})}),
			duty.Insert(vswitch.QoSTable, "qos", libovsdb.Row{"type": qosType, "external_ids": duty.Map(map[string]string{ovnQoS: "true"}),
				"other_config": duty.Map(map[string]string{"max-rate": maxRate}), "queues": duty.Map(map[int]libovsdb.UUID{4: duty.Ref("q")})}))
	}
}

// Whatever has changed and however writes went: when nothing more is planned, the rows are what the rules say.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{newBench(t), t, map[string]map[string]string{"ln": {"type": "localnet", "network_name": "a"}}, map[string]string{}, map[string]bool{}, true}
		for range rapid.IntRange(1, 15).Draw(t, "rounds") {
			for range rapid.IntRange(1, 5).Draw(t, "edits") {
				m.edit()
			}
			m.Disturb(t, m.edit)
			m.Settle()
			if got, want := m.described(), m.wanted(m.options, m.plugged, m.egress, m.mapped); !slices.Equal(got, want) {
				t.Fatalf("there is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}
