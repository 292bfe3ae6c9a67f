package cleanup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// step is something to remove.
type step struct {
	what       string
	operations []ovsdb.Operation
}

// tunnelKey is the key of external_ids of a Port that is a tunnel (encaps.c).
const tunnelKey = "ovn-chassis-id"

// indexKey begins the key of other_config that tells the several chassis of one Open vSwitch apart; behind it comes the chassis' name
// (chassis.c, get_chassis_idx).
const indexKey = "ovn-chassis-idx-"

// portKeys are the keys of external_ids of a Port that is a chassis' own, and what it is (encaps.c, patch.c).
var portKeys = map[string]string{
	tunnelKey:            "tunnel port",
	"ovn-localnet-port":  "patch port",
	"ovn-l2gateway-port": "patch port",
	"ovn-l3gateway-port": "patch port",
}

// local is what there is of the local Open_vSwitch database, by UUID.
type local struct {
	roots      map[string]*vswitch.OpenvSwitch
	bridges    map[string]*vswitch.Bridge
	ports      map[string]*vswitch.Port
	interfaces map[string]*vswitch.Interface
	qos        map[string]*vswitch.QoS
	queues     map[string]*vswitch.Queue
}

// localTables are what is read.
func localTables() []ovsdb.Table {
	return []ovsdb.Table{
		{Name: vswitch.OpenvSwitchTable, Columns: []string{"external_ids", "other_config"}},
		{Name: vswitch.SSLTable, Columns: []string{"private_key", "certificate", "ca_cert"}},
		{Name: vswitch.BridgeTable, Columns: []string{"name", "ports", "external_ids"}},
		{Name: vswitch.PortTable, Columns: []string{"name", "interfaces", "qos", "external_ids"}},
		{Name: vswitch.InterfaceTable, Columns: []string{"name", "external_ids", "options"}},
		{Name: vswitch.QoSTable, Columns: []string{"external_ids"}},
		{Name: vswitch.QueueTable, Columns: []string{"external_ids"}},
	}
}

func newLocal(b *ovsdb.Batch) *local {
	return &local{byUUID[vswitch.OpenvSwitch](b), byUUID[vswitch.Bridge](b), byUUID[vswitch.Port](b), byUUID[vswitch.Interface](b),
		byUUID[vswitch.QoS](b), byUUID[vswitch.Queue](b)}
}

// byUUID are the rows of one type of a first batch.
func byUUID[T any](b *ovsdb.Batch) map[string]*T {
	rows := map[string]*T{}
	for row := range ovsdb.Rows[T](b) {
		rows[row.UUID.String()] = row.New
	}
	return rows
}

// steps are what to remove of the chassis on a bridge.
func (l *local) steps(bridge string) (list []step) {
	for _, id := range sortedKeys(l.bridges) {
		row := l.bridges[id]
		list = append(list, l.portSteps(id, row, bridge)...)
		if row.Name == bridge {
			list = append(list, l.installedSteps(row)...)
			list = append(list, keySteps(vswitch.BridgeTable, id, "bridge "+row.Name, "external_ids", row.ExternalIDs, func(key string) bool {
				return strings.HasPrefix(key, "ct-zone-") || key == "ovn-nb-cfg" || key == "ovn-nb-cfg-ts" || key == "ovn-startup-ts"
			})...)
		}
	}
	for _, id := range sortedKeys(l.roots) {
		list = append(list, keySteps(vswitch.OpenvSwitchTable, id, "Open_vSwitch", "other_config", l.roots[id].OtherConfig, func(key string) bool {
			return key == indexKey+l.name()
		})...)
	}
	return append(list, l.queueSteps()...)
}

// queueSteps remove the queues of logical ports, and the QoS rows that have them.
func (l *local) queueSteps() (list []step) {
	for _, id := range sortedKeys(l.ports) {
		row := l.ports[id]
		if row.QOS != nil && l.qos[*row.QOS] != nil && l.qos[*row.QOS].ExternalIDs["ovn_qos"] == "true" {
			none := duty.Update(vswitch.PortTable, id, libovsdb.Row{"qos": duty.Refs()})
			list = append(list, step{"QoS of port " + row.Name, []ovsdb.Operation{none}})
		}
	}
	for _, id := range sortedKeys(l.qos) {
		if l.qos[id].ExternalIDs["ovn_qos"] == "true" {
			list = append(list, step{"QoS " + id, []ovsdb.Operation{duty.Delete(vswitch.QoSTable, id)}})
		}
	}
	for _, id := range sortedKeys(l.queues) {
		if port := l.queues[id].ExternalIDs["ovn_port"]; port != "" {
			list = append(list, step{"queue of logical port " + port, []ovsdb.Operation{duty.Delete(vswitch.QueueTable, id)}})
		}
	}
	return list
}

// name is the chassis'.
func (l *local) name() string { return l.externalIDs()["system-id"] }

// portSteps remove the tunnel ports and patch ports of a bridge: a patch port has its peer on another than the integration bridge.
func (l *local) portSteps(id string, bridge *vswitch.Bridge, integration string) (list []step) {
	for _, port := range bridge.Ports {
		row := l.ports[port]
		if row == nil {
			continue
		}
		for key, what := range portKeys {
			if _, is := row.ExternalIDs[key]; is && (bridge.Name == integration || l.isOwn(row, key, integration)) {
				list = append(list, step{fmt.Sprintf("%s %s of bridge %s", what, row.Name, bridge.Name), []ovsdb.Operation{
					duty.Mutate(vswitch.BridgeTable, id, libovsdb.Mutation{Column: "ports", Mutator: libovsdb.MutateOperationDelete,
						Value: duty.Refs(port)})}})
				break
			}
		}
	}
	return list
}

// isOwn says whether a port on another bridge than the integration bridge is this chassis' nevertheless: of one Open vSwitch, several
// chassis may each have one. Its tunnels have been left behind when another was the integration bridge, as their names tell (encaps.c,
// clear_old_tunnels); its patch ports lead there.
func (l *local) isOwn(row *vswitch.Port, key, integration string) bool {
	if key == tunnelKey {
		index := ""
		for _, root := range l.roots {
			index = root.OtherConfig[indexKey+l.name()]
		}
		return strings.HasPrefix(row.Name, "ovn"+index+"-")
	}
	leads := strings.HasSuffix(row.Name, "-to-"+integration)
	for _, id := range row.Interfaces {
		leads = leads || l.interfaces[id] != nil && strings.HasPrefix(l.interfaces[id].Options["peer"], "patch-"+integration+"-to-")
	}
	return leads
}

// installedSteps remove from interfaces of a bridge that their ports are up.
func (l *local) installedSteps(bridge *vswitch.Bridge) (list []step) {
	for _, port := range bridge.Ports {
		if l.ports[port] == nil {
			continue
		}
		for _, id := range l.ports[port].Interfaces {
			if row := l.interfaces[id]; row != nil {
				list = append(list, keySteps(vswitch.InterfaceTable, id, "interface "+row.Name, "external_ids", row.ExternalIDs, func(key string) bool {
					return key == "ovn-installed" || key == "ovn-installed-ts"
				})...)
			}
		}
	}
	return list
}

// keySteps removes some keys of a map.
func keySteps(table, id, row, column string, values map[string]string, is func(key string) bool) []step {
	keys := libovsdb.OvsSet{}
	for _, key := range sortedKeys(values) {
		if is(key) {
			keys.GoSet = append(keys.GoSet, key)
		}
	}
	if len(keys.GoSet) == 0 {
		return nil
	}
	what := fmt.Sprintf("%d keys of %s of %s", len(keys.GoSet), column, row)
	return []step{{what, []ovsdb.Operation{
		duty.Mutate(table, id, libovsdb.Mutation{Column: column, Mutator: libovsdb.MutateOperationDelete, Value: keys})}}}
}

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
