package queues

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
	"github.com/flowhost/flowhost/plugins/chassis/ports"
)

// bench is the chassis hv1. The logical switch ls0 has the localnet port ln of network a, whose bridge br-a has the ports eth0 and eth1;
// br-int has tap0 and tap1.
type bench struct {
	*dutytest.Bench
	log bytes.Buffer
	key int // the last tunnel key given to a logical port
}

func newBench(t dutytest.TB) *bench {
	b := &bench{}
	b.Bench = dutytest.New(t, "br-int", Tables(), func(state *local.State) duty.Duty {
		return New(state, hclog.New(&hclog.LoggerOptions{Output: &b.log}))
	})
	b.Transact(duty.Vswitch,
		duty.Insert(vswitch.BridgeTable, "b0", libovsdb.Row{"name": "br-int"}),
		duty.Insert(vswitch.BridgeTable, "b1", libovsdb.Row{"name": "br-a"}),
		duty.Insert(vswitch.OpenvSwitchTable, "", libovsdb.Row{"bridges": duty.Refs("b0", "b1")}))
	b.mappings("a:br-a")
	for _, port := range []string{"br-int tap0", "br-int tap1", "br-a eth0", "br-a eth1"} {
		bridge, name, _ := strings.Cut(port, " ")
		b.Transact(duty.Vswitch, ports.Wanted{Name: name}.Insert(
			find(b, duty.Vswitch, vswitch.BridgeTable, func(row *vswitch.Bridge) bool { return row.Name == bridge }))...)
	}
	b.Transact(duty.Southbound, duty.Insert(sb.DatapathBindingTable, "d", libovsdb.Row{"tunnel_key": 1}))
	b.add("ln", "type=localnet", "network_name=a")
	return b
}

func (b *bench) mappings(text string) {
	id := find(b, duty.Vswitch, vswitch.OpenvSwitchTable, func(*vswitch.OpenvSwitch) bool { return true })
	b.Transact(duty.Vswitch, duty.Update(vswitch.OpenvSwitchTable, id, libovsdb.Row{
		"external_ids": duty.Map(map[string]string{"system-id": "hv1", "ovn-bridge-mappings": text})}))
}

// find is the UUID of the row that is suits; "" if there is none.
func find[T any](b *bench, from duty.Database, table string, is func(*T) bool) string {
	for id, row := range dutytest.Rows[T](b.Bench, from, table) {
		if is(row) {
			return id
		}
	}
	return ""
}

func (b *bench) port(name string) string {
	return find(b, duty.Vswitch, vswitch.PortTable, func(row *vswitch.Port) bool { return row.Name == name })
}

func (b *bench) binding(name string) string {
	return find(b, duty.Southbound, sb.PortBindingTable, func(row *sb.PortBinding) bool { return row.LogicalPort == name })
}

// set gives an interface external_ids, and a number.
func (b *bench) set(name string, pairs ...string) {
	id := find(b, duty.Vswitch, vswitch.InterfaceTable, func(i *vswitch.Interface) bool { return i.Name == name })
	b.Transact(duty.Vswitch, duty.Update(vswitch.InterfaceTable, id, libovsdb.Row{"ofport": 1, "external_ids": duty.Map(table(pairs))}))
}

func table(pairs []string) map[string]string {
	m := map[string]string{}
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		m[key] = value
	}
	return m
}

// add makes a logical port of ls0 with these options, or gives one that is there these. Its type is among them.
func (b *bench) add(name string, options ...string) {
	m := table(options)
	row := libovsdb.Row{"logical_port": name, "type": m["type"], "options": duty.Map(m)}
	if id := b.binding(name); id != "" {
		b.Transact(duty.Southbound, duty.Update(sb.PortBindingTable, id, row))
		return
	}
	b.key++
	row["tunnel_key"] = b.key
	row["datapath"] = duty.Ref(find(b, duty.Southbound, sb.DatapathBindingTable, func(*sb.DatapathBinding) bool { return true }))
	b.Transact(duty.Southbound, duty.Insert(sb.PortBindingTable, "", row))
}

// described are the ports with a QoS, its queues, and how many other rows there are.
func (b *bench) described() (list []string) {
	qos := dutytest.Rows[vswitch.QoS](b.Bench, duty.Vswitch, vswitch.QoSTable)
	queues := dutytest.Rows[vswitch.Queue](b.Bench, duty.Vswitch, vswitch.QueueTable)
	others := len(queues)
	for _, row := range qos {
		for number, id := range row.Queues {
			list = append(list, fmt.Sprint(row.Type, " ", number, " ", queues[id].ExternalIDs[ovnPort], " ", queues[id].OtherConfig["min-rate"], " ",
				queues[id].OtherConfig["max-rate"], " ", queues[id].OtherConfig["burst"]))
			others--
		}
	}
	for _, port := range dutytest.Rows[vswitch.Port](b.Bench, duty.Vswitch, vswitch.PortTable) {
		if port.QOS != nil {
			list = append(list, port.Name+" "+qos[*port.QOS].Type+" "+qos[*port.QOS].OtherConfig["max-rate"])
		}
	}
	if slices.Sort(list); others > 0 {
		list = append(list, fmt.Sprint(others, " queues of nobody"))
	}
	return list
}

func (b *bench) expect(t *testing.T, when string, want ...string) {
	t.Helper()
	b.Settle()
	if diff := cmp.Diff(want, b.described()); diff != "" {
		t.Errorf("%s: %s", when, diff)
	}
}

func TestQueues(t *testing.T) {
	b := newBench(t)
	b.add("vif0", "qdisc_queue_id=7", "qos_max_rate=1000", "qos_min_rate=500", "qos_burst=2000")
	b.set("eth0", "ovn-egress-iface=true")
	b.expect(t, "the port is not here")
	b.set("tap0", "iface-id=vif0")
	b.expect(t, "it is here", "eth0 linux-htb 34359738360", "linux-htb 7 vif0 500 1000 2000")

	b.add("vif0", "qdisc_queue_id=7", "qos_max_rate=3000")
	b.add("ln", "type=localnet", "network_name=a", "qdisc_queue_id=3", "qos_burst=1")
	b.set("eth1", "ovn-egress-iface=true")
	b.expect(t, "other rates, a localnet port's, too, and another way out",
		"eth0 linux-htb 34359738360", "eth1 linux-htb 34359738360", "linux-htb 3 ln 0 0 1", "linux-htb 7 vif0 0 3000 0")

	b.set("eth0")
	b.add("vif0", "qdisc_queue_id=8", "qos_max_rate=3000")
	b.expect(t, "a way out less, and another number", "eth1 linux-htb 34359738360", "linux-htb 3 ln 0 0 1", "linux-htb 8 vif0 0 3000 0")
	b.set("tap0")
	b.expect(t, "the last port of the switch is not here")
	b.set("tap0", "iface-id=vif0")
	b.expect(t, "it is again", "eth1 linux-htb 34359738360", "linux-htb 3 ln 0 0 1", "linux-htb 8 vif0 0 3000 0")
	b.mappings("")
	b.expect(t, "the network is not here")
	b.mappings("a:br-a")
	b.add("vif0", "qdisc_queue_id=8")
	b.add("ln", "type=localnet", "network_name=a", "qos_max_rate=1")
	b.expect(t, "no rates, or no number")
}

// Somebody's own QoS stays. What keeps ovs-vswitchd off, as ovn-controller 23.03 has it, is replaced, and its rows of later versions are
// adopted.
func TestOthersQoS(t *testing.T) {
	for _, test := range []struct {
		kind string
		ids  map[string]string
		want []string
		logs bool
	}{
		{"linux-hfsc", nil, []string{"eth0 linux-hfsc ", "linux-hfsc 1 somebody   "}, true},
		{"linux-htb", nil, []string{"eth0 linux-htb ", "linux-htb 1 somebody   "}, true},
		{"linux-noop", nil, []string{"eth0 linux-htb 34359738360"}, false},
		{"linux-htb", map[string]string{ovnQoS: "true"}, []string{"eth0 linux-htb "}, false},
	} {
		t.Run(fmt.Sprint(test.kind, test.ids), func(t *testing.T) {
			b := newBench(t)
			row := libovsdb.Row{"type": test.kind, "external_ids": duty.Map(test.ids)}
			if test.logs {
				row["queues"] = duty.Map(map[int]libovsdb.UUID{1: duty.Ref("q")})
			}
			b.Transact(duty.Vswitch, duty.Insert(vswitch.QueueTable, "q", libovsdb.Row{"external_ids": duty.Map(map[string]string{ovnPort: "somebody"})}),
				duty.Insert(vswitch.QoSTable, "qos", row), duty.Update(vswitch.PortTable, b.port("eth0"), libovsdb.Row{"qos": duty.Ref("qos")}))
			b.add("vif0", "qdisc_queue_id=7", "qos_max_rate=1000")
			b.set("tap0", "iface-id=vif0")
			b.set("eth0", "ovn-egress-iface=true")
			b.Settle()
			want := append(slices.Clone(test.want), "linux-htb 7 vif0 0 1000 0")
			if got := b.described(); !subset(want, got) {
				t.Errorf("there is %q, want %q", got, want)
			}
			if logs := strings.Contains(b.log.String(), "it has a QoS of its own: port=eth0"); logs != test.logs {
				t.Errorf("log: %s", b.log.String())
			}
		})
	}
}

func subset(want, of []string) bool {
	return !slices.ContainsFunc(want, func(s string) bool { return !slices.Contains(of, s) })
}

// Among hundreds of queues, a further one costs a look at itself, and one Write.
func TestCost(t *testing.T) {
	b := newBench(t)
	b.set("eth0", "ovn-egress-iface=true")
	b.set("tap0", "iface-id=vif1")
	for i := range 300 {
		b.add(fmt.Sprint("vif", i+1), "type=localnet", fmt.Sprint("qdisc_queue_id=", i+1), "qos_max_rate=5")
	}
	b.add("vif1", "qdisc_queue_id=1", "qos_max_rate=5")
	b.Settle()
	if n := len(dutytest.Rows[vswitch.Queue](b.Bench, duty.Vswitch, vswitch.QueueTable)); n != 300 {
		t.Errorf("%d queues", n)
	}
	b.add("new", "type=localnet", "qdisc_queue_id=5000", "qos_max_rate=5")
	d := b.Duty.(*Duty)
	b.State.Settle()
	if n := len(d.dirty) + d.agenda.Len(); n != 1 {
		t.Errorf("%d things are looked at for a new queue", n)
	}
	if writes := b.Settle(); len(writes) != 1 {
		t.Errorf("%d writes for a new queue", len(writes))
	}
}

// wanted is what described says when everything is worked out from the beginning.
func (b *bench) wanted(options map[string]map[string]string, plugged map[string]string, egress map[string]bool, mapped bool) (list []string) {
	here := map[string]bool{}
	for _, port := range plugged {
		if m, ok := options[port]; ok && m["type"] == "" {
			here[port] = true
		}
	}
	isLocal := len(here) > 0
	network, of := false, map[string]string{}
	for _, port := range slices.Sorted(maps.Keys(options)) {
		m := options[port]
		is := here[port] || m["type"] == "localnet" && isLocal
		network = network || is && m["type"] == "localnet" && m["network_name"] == "a"
		if id := m["qdisc_queue_id"]; is && id != "" && of[id] == "" && m["qos_max_rate"]+m["qos_burst"] != "" {
			of[id] = fmt.Sprint("linux-htb ", id, " ", port, " 0 ", cmp0(m["qos_max_rate"]), " ", cmp0(m["qos_burst"]))
		}
	}
	if !mapped || !network || len(egress) == 0 || len(of) == 0 {
		return nil
	}
	for port := range egress {
		list = append(list, port+" linux-htb "+maxRate)
	}
	list = slices.AppendSeq(list, maps.Values(of))
	slices.Sort(list)
	return list
}

func cmp0(text string) string {
	if text == "" {
		return "0"
	}
	return text
}
