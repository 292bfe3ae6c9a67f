package patches

import (
	"bytes"
	"fmt"
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

// bench is the chassis hv1 with the bridges br-int, br-a and br-b. The logical switch ls0 is local by its VIF, ls1 is not.
type bench struct {
	*dutytest.Bench
	log bytes.Buffer
	key int // the last tunnel key given to a logical port
}

func newBench(t dutytest.TB) *bench {
	b := &bench{}
	b.Bench = dutytest.New(t, "br-int", Tables(), func(state *local.State) duty.Duty {
		return New(state, "br-int", hclog.New(&hclog.LoggerOptions{Output: &b.log}))
	})
	b.Transact(duty.Vswitch,
		duty.Insert(vswitch.BridgeTable, "b0", libovsdb.Row{"name": "br-int"}),
		duty.Insert(vswitch.BridgeTable, "b1", libovsdb.Row{"name": "br-a"}),
		duty.Insert(vswitch.BridgeTable, "b2", libovsdb.Row{"name": "br-b"}),
		duty.Insert(vswitch.OpenvSwitchTable, "", libovsdb.Row{"bridges": duty.Refs("b0", "b1", "b2")}))
	b.mappings("a:br-a,b:br-b")
	b.Transact(duty.Southbound, duty.Insert(sb.ChassisTable, "", libovsdb.Row{"name": "hv1"}))
	for i, port := range []string{"vif0", "vif1"} {
		b.Transact(duty.Southbound, duty.Insert(sb.DatapathBindingTable, "d", libovsdb.Row{"tunnel_key": i + 1}),
			duty.Insert(sb.PortBindingTable, "", libovsdb.Row{"logical_port": port, "datapath": duty.Ref("d"), "tunnel_key": 1}))
	}
	b.Transact(duty.Vswitch, ports.Wanted{Name: "tap0"}.Insert(b.bridge("br-int"))...)
	b.plug("vif0")
	return b
}

// plug has the interface be a logical port's.
func (b *bench) plug(port string) {
	id := find(b, duty.Vswitch, vswitch.InterfaceTable, func(i *vswitch.Interface) bool { return i.Name == "tap0" })
	b.Transact(duty.Vswitch, duty.Update(vswitch.InterfaceTable, id, libovsdb.Row{"ofport": 1,
		"external_ids": duty.Map(map[string]string{"iface-id": port})}))
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

func (b *bench) bridge(name string) string {
	return find(b, duty.Vswitch, vswitch.BridgeTable, func(row *vswitch.Bridge) bool { return row.Name == name })
}

func (b *bench) port(name string) string {
	return find(b, duty.Vswitch, vswitch.PortTable, func(row *vswitch.Port) bool { return row.Name == name })
}

func (b *bench) binding(name string) string {
	return find(b, duty.Southbound, sb.PortBindingTable, func(row *sb.PortBinding) bool { return row.LogicalPort == name })
}

func (b *bench) datapath(n int) string {
	return find(b, duty.Southbound, sb.DatapathBindingTable, func(row *sb.DatapathBinding) bool { return row.TunnelKey == n+1 })
}

// add makes a logical port of the switch lsN that leads to a network.
func (b *bench) add(name, kind string, n int, network string) {
	b.key++
	b.Transact(duty.Southbound, duty.Insert(sb.PortBindingTable, "", libovsdb.Row{"logical_port": name, "type": kind,
		"datapath": duty.Ref(b.datapath(n)), "tunnel_key": b.key + 1,
		"options": duty.Map(map[string]string{"network_name": network})}))
}

// patchPorts describes the ports of all bridges but the VIF's.
func (b *bench) patchPorts() (list []string) {
	interfaces := dutytest.Rows[vswitch.Interface](b.Bench, duty.Vswitch, vswitch.InterfaceTable)
	rows := dutytest.Rows[vswitch.Port](b.Bench, duty.Vswitch, vswitch.PortTable)
	for _, bridge := range dutytest.Rows[vswitch.Bridge](b.Bench, duty.Vswitch, vswitch.BridgeTable) {
		for _, id := range bridge.Ports {
			if port := rows[id]; port.Name != "tap0" {
				line := fmt.Sprint(bridge.Name, " ", port.Name, " ", interfaces[port.Interfaces[0]].Options["peer"])
				for _, key := range []string{localnetPort, l2GatewayPort, l3GatewayPort} {
					if value := port.ExternalIDs[key]; value != "" {
						line += " " + key + "=" + value
					}
				}
				list = append(list, line)
			}
		}
	}
	slices.Sort(list)
	return list
}

// pair describes the two ports for a logical port.
func pair(bridge, logical, key string) []string {
	inner, outer := "patch-br-int-to-"+logical, "patch-"+logical+"-to-br-int"
	return []string{"br-int " + inner + " " + outer + " " + key + "=" + logical, bridge + " " + outer + " " + inner + " " + key + "=" + logical}
}

func (b *bench) expect(t *testing.T, when string, pairs ...[]string) {
	t.Helper()
	b.Settle()
	var want []string
	for _, p := range pairs {
		want = append(want, p...)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, b.patchPorts()); diff != "" {
		t.Errorf("%s: %s", when, diff)
	}
}

func TestPatches(t *testing.T) {
	b := newBench(t)
	b.add("ln0", "localnet", 0, "a")
	b.add("ln1", "localnet", 1, "b")
	b.add("vtep", "vtep", 0, "a")
	b.expect(t, "a localnet port of a local switch", pair("br-a", "ln0", localnetPort))

	b.mappings("a:br-b")
	b.expect(t, "the network is at another bridge", pair("br-b", "ln0", localnetPort))
	b.mappings("b:br-b")
	b.expect(t, "the network is not here")
	b.mappings("a:br-c,b:br-b")
	b.expect(t, "its bridge is not here")
	b.mappings("a:br-a,b:br-b")
	b.plug("vif1")
	b.expect(t, "another switch is local", pair("br-b", "ln1", localnetPort))
	b.Transact(duty.Southbound, duty.Delete(sb.PortBindingTable, b.binding("ln1")))
	b.expect(t, "the port is gone")
	if n := strings.Count(b.log.String(), "there is no bridge for network a here"); n != 1 {
		t.Errorf("told %d times of the missing bridge, want once:\n%s", n, b.log.String())
	}
}

func TestL2Gateway(t *testing.T) {
	b := newBench(t)
	b.add("gw", "l2gateway", 0, "a")
	b.expect(t, "bound nowhere")
	self := find(b, duty.Southbound, sb.ChassisTable, func(*sb.Chassis) bool { return true })
	b.Transact(duty.Southbound, duty.Update(sb.PortBindingTable, b.binding("gw"), libovsdb.Row{"chassis": duty.Ref(self)}))
	b.expect(t, "bound here", pair("br-a", "gw", l2GatewayPort))
	b.Transact(duty.Southbound, duty.Update(sb.PortBindingTable, b.binding("gw"), libovsdb.Row{"chassis": duty.Refs()}))
	b.expect(t, "released")
}

// What a former run has made is kept, what nobody needs goes; others' ports are theirs, even one that does the work.
func TestOthersPorts(t *testing.T) {
	b := newBench(t)
	add := func(bridge, name, peer string, ids map[string]string) string {
		b.Transact(duty.Vswitch, ports.Wanted{Name: name, Type: "patch", Options: map[string]string{"peer": peer}, ExternalIDs: ids}.Insert(b.bridge(bridge))...)
		return strings.TrimSpace(fmt.Sprint(bridge, " ", name, " ", peer))
	}
	own := add("br-int", "patch-br-int-to-ln0", "patch-ln0-to-br-int", map[string]string{localnetPort: "ln0"}) + " " + localnetPort + "=ln0"
	byHand := add("br-a", "by-hand", "patch-br-int-to-ln0", nil)
	other := add("br-a", "other", "another", nil)
	add("br-int", "stale", "anything", map[string]string{l3GatewayPort: "lr0"})
	add("br-a", "patch-half-to-br-int", "patch-br-int-to-half", map[string]string{localnetPort: "half"})
	add("br-a", "patch-ln0-to-br-two", "patch-br-two-to-ln0", map[string]string{localnetPort: "ln0"})
	two := "br-a patch-ln0-to-br-two patch-br-two-to-ln0 " + localnetPort + "=ln0"
	row := b.port("patch-br-int-to-ln0")
	b.add("ln0", "localnet", 0, "a")
	b.expect(t, "with ports of others", []string{own, byHand, other, two})
	if b.port("patch-br-int-to-ln0") != row {
		t.Error("the port was made anew")
	}
	b.mappings("a:br-b")
	b.expect(t, "at another bridge", []string{byHand, other, two}, pair("br-b", "ln0", localnetPort))

	b.Transact(duty.Vswitch, b.Duty.(*Duty).ports.Remove(b.port("by-hand"))...)
	taken := add("br-a", "patch-ln1-to-br-int", "unrelated", nil)
	b.add("ln1", "localnet", 0, "a")
	b.Settle()
	if !slices.Contains(b.patchPorts(), taken) || !strings.Contains(b.log.String(), "another port has the name patch-ln1-to-br-int already") {
		t.Errorf("a name that another has: %q\n%s", b.patchPorts(), b.log.String())
	}
	b.Transact(duty.Vswitch, b.Duty.(*Duty).ports.Remove(b.port("patch-ln1-to-br-int"))...)
	b.expect(t, "when it has gone", []string{other, two}, pair("br-b", "ln0", localnetPort), pair("br-b", "ln1", localnetPort))
}

// Among hundreds of localnet ports, a further one costs a look at itself, and one Write.
func TestCost(t *testing.T) {
	b := newBench(t)
	for i := range 200 {
		b.add(fmt.Sprint("ln", i), "localnet", i%2, "a")
	}
	b.Settle()
	b.add("new", "localnet", 0, "a")
	b.State.Settle()
	if n := b.Duty.(*Duty).agenda.Len(); n != 1 {
		t.Errorf("%d ports are looked at for a new one", n)
	}
	if writes := b.Settle(); len(writes) != 1 {
		t.Errorf("%d writes for a new port", len(writes))
	}
}
