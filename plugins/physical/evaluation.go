package main

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

// factGeneve is the field of OVN's Geneve option. Of all facts it alone is not the State's.
var factGeneve = local.Fact{Kind: local.KindSelf, Name: "Geneve option"}

// evaluation makes the flows of one unit. It reads what is known through the methods below only, which write down what was read.
type evaluation struct {
	*network
	unit    *unit
	seen    map[local.Fact]struct{}
	facts   []local.Fact
	flows   []flow.Flow
	shared  map[uuid.UUID]flow.Flow
	problem error // of the rows: what is missing because of it is left out
}

func (e *evaluation) reads(kind local.Kind, name string) {
	e.read(local.Fact{Kind: kind, Name: name})
}

func (e *evaluation) read(f local.Fact) {
	if _, seen := e.seen[f]; !seen {
		e.seen[f] = struct{}{}
		e.facts = append(e.facts, f)
	}
}

// fail notes why flows are missing.
func (e *evaluation) fail(err error) {
	if e.problem == nil {
		e.problem = err
	}
}

// title names the unit for people.
func (e *evaluation) title() string {
	if e.unit.kind == kindPort {
		if row := e.local.Binding(e.unit.name); row != nil {
			return fmt.Sprintf("%s (%s)", row.LogicalPort, e.unit.name)
		}
	}
	if e.unit.kind == kindGroup {
		if row := e.groups[e.unit.name]; row != nil {
			return fmt.Sprintf("%s (%s)", row.Name, e.unit.name)
		}
	}
	return e.unit.name
}

// row is a port by name; nil if there is none.
func (e *evaluation) row(name string) *sb.PortBinding {
	if name == "" {
		return nil
	}
	e.reads(local.KindPort, name)
	return e.local.Row(name)
}

// binding is a port by its UUID; nil if there is none.
func (e *evaluation) binding(id string) *sb.PortBinding {
	e.reads(local.KindBinding, id)
	return e.local.Binding(id)
}

// localKey is the tunnel key of a local datapath; 0 if it is not local.
func (e *evaluation) localKey(datapath string) uint64 {
	e.reads(local.KindDatapath, datapath)
	return uint64(e.local.Key(datapath))
}

// key is the tunnel key of a datapath, local or not.
func (e *evaluation) key(datapath string) uint64 {
	e.reads(local.KindDatapath, datapath)
	return uint64(e.local.TunnelKey(datapath))
}

func (e *evaluation) isTransit(datapath string) bool {
	e.reads(local.KindDatapath, datapath)
	return e.local.IsTransit(datapath)
}

// plugged is the number of the interface that a port has here; 0 if there is none.
func (e *evaluation) plugged(row *sb.PortBinding) (ofport, mtu int) {
	e.reads(local.KindInterface, row.LogicalPort)
	return e.local.Interface(row.LogicalPort, row.Options["iface-id-ver"])
}

func (e *evaluation) patch(name string) int {
	e.reads(local.KindPatch, name)
	return e.local.Patch(name)
}

func (e *evaluation) localnet(datapath string) *sb.PortBinding {
	e.reads(local.KindLocalnet, datapath)
	return e.local.Localnet(datapath)
}

// isSelf says whether a column names this chassis.
func (e *evaluation) isSelf(chassis *string) bool {
	return chassis != nil && e.isSelfID(*chassis)
}

func (e *evaluation) isSelfID(chassis string) bool {
	e.reads(local.KindSelf, "")
	return chassis != "" && chassis == e.local.Self()
}

// chassis is a chassis by UUID; nil if there is no such row.
func (e *evaluation) chassis(id string) *sb.Chassis {
	e.reads(local.KindChassis, id)
	return e.local.Chassis(id)
}

// tunnels are the tunnels to a chassis, by its name.
func (e *evaluation) tunnels(chassis string) []local.Tunnel {
	e.reads(local.KindTunnels, chassis)
	return e.local.Tunnels(chassis)
}

// members are the chassis of an HA chassis group, the first choice first.
func (e *evaluation) members(row *sb.PortBinding) []local.Member {
	if row.HaChassisGroup == nil {
		return nil
	}
	e.reads(local.KindGroup, *row.HaChassisGroup)
	members := e.local.Group(*row.HaChassisGroup)
	for _, m := range members {
		e.reads(local.KindChassis, m.Chassis)
	}
	return members
}

// zone is a conntrack zone, if it is assigned.
func (e *evaluation) zone(key string) (zone int, assigned bool) {
	e.reads(local.KindZone, key)
	return e.local.Zone(key)
}

func (e *evaluation) setting(key string) string {
	e.reads(local.KindSetting, key)
	return e.local.Setting(key)
}

// option is the field of OVN's Geneve option; nil while there is none.
func (e *evaluation) option() *flow.Field {
	e.read(factGeneve)
	if e.geneve == sdk.NoGeneve {
		return nil
	}
	return flow.TunMetadata[e.geneve]
}

// Who the flow belongs to: cookies other than that of the unit's row.
const noRow = flow.NoCookie

// add makes a flow of the unit.
func (e *evaluation) add(table flow.TableID, priority flow.Priority, terms []flow.Term, actions ...flow.Action) {
	e.addFor(0, table, priority, terms, actions...)
}

// addFor makes a flow of the unit with another cookie than its UUID's.
func (e *evaluation) addFor(cookie flow.Cookie, table flow.TableID, priority flow.Priority, terms []flow.Term, actions ...flow.Action) {
	f, err := flow.New(table, priority, terms, actions...)
	if err != nil {
		e.fail(err)
		return
	}
	f.Cookie = cookie
	e.flows = append(e.flows, f)
}

// share makes a flow that other units may want as well: name says all that makes it.
func (e *evaluation) share(name string, cookie flow.Cookie, table flow.TableID, priority flow.Priority, terms []flow.Term, actions ...flow.Action) {
	e.apart(func(flow.Flow) string { return "shared " + name }, cookie, table, priority, terms, actions)
}

// contend makes a flow where others, of this unit or another, may want one with other actions. Each has a UUID of its own, so that it is
// the table that chooses. By tells them apart.
func (e *evaluation) contend(by string, cookie flow.Cookie, table flow.TableID, priority flow.Priority, terms []flow.Term, actions ...flow.Action) {
	e.apart(func(f flow.Flow) string { return "contender " + by + " " + f.String() }, cookie, table, priority, terms, actions)
}

// apart makes a flow with a UUID of its own, by its name. Flows of one name are the same.
func (e *evaluation) apart(name func(flow.Flow) string, cookie flow.Cookie, table flow.TableID, priority flow.Priority, terms []flow.Term, actions []flow.Action) {
	f, err := flow.New(table, priority, terms, actions...)
	if err != nil {
		e.fail(err)
		return
	}
	f.Cookie = cookie
	if e.shared == nil {
		e.shared = map[uuid.UUID]flow.Flow{}
	}
	e.shared[uuid.NewSHA1(space, []byte(name(f)))] = f
}
