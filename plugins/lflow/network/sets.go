package network

import (
	"slices"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/compiler"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
)

// addressSet is a row of Address_Set.
type addressSet struct {
	id    uuid.UUID
	row   *sb.AddressSet
	value *expr.ConstantSet // nil: nobody has asked for it yet
}

// portGroup is a row of Port_Group.
type portGroup struct {
	id    uuid.UUID
	row   *sb.PortGroup
	value *expr.ConstantSet // of the Related ports; nil: nobody has asked for it yet
}

func (n *Network) setAddressSet(id uuid.UUID, old, new *sb.AddressSet) {
	if old != nil {
		if set := n.addressSets[old.Name]; set != nil && set.id == id {
			delete(n.addressSets, old.Name)
		}
		n.touch(compiler.AddressSet, old.Name)
	}
	if new != nil {
		n.addressSets[new.Name] = &addressSet{id: id, row: new}
		n.touch(compiler.AddressSet, new.Name)
	}
}

// AddressSet is the set of this name, nil when there is none. Addresses that are none are left out.
func (n *Network) AddressSet(name string) *expr.ConstantSet {
	n.building.Lock()
	defer n.building.Unlock()
	set := n.addressSets[name]
	if set == nil {
		return nil
	}
	if set.value == nil {
		set.value, _ = expr.NewAddressSet(name, set.row.Addresses, n.dialect)
	}
	return set.value
}

func (n *Network) setPortGroup(id uuid.UUID, old, new *sb.PortGroup) {
	if old != nil {
		if g := n.portGroups[old.Name]; g != nil && g.id == id {
			delete(n.portGroups, old.Name)
			n.forget(g)
		}
		n.touch(compiler.PortGroup, old.Name)
	}
	if new != nil {
		if g := n.portGroups[new.Name]; g != nil { // made anew under its name, told before the old one goes
			n.forget(g)
		}
		n.portGroups[new.Name] = &portGroup{id: id, row: new}
		n.touch(compiler.PortGroup, new.Name)
	}
}

// forget forgets what is derived of a group.
func (n *Network) forget(g *portGroup) {
	if g.value == nil {
		return
	}
	for _, port := range g.row.Ports {
		if delete(n.memberOf[port], g); len(n.memberOf[port]) == 0 {
			delete(n.memberOf, port)
		}
	}
	g.value = nil
}

// PortGroup is the set of this name, which has the tunnel key of a datapath in front; nil when there is none. It has the ports that
// have to do with this chassis.
func (n *Network) PortGroup(name string) *expr.ConstantSet {
	n.building.Lock()
	defer n.building.Unlock()
	g := n.portGroups[name]
	if g == nil {
		return nil
	}
	if g.value == nil {
		g.value = expr.NewPortGroup(n.related(g))
		for _, port := range g.row.Ports {
			if n.memberOf[port] == nil {
				n.memberOf[port] = map[*portGroup]struct{}{}
			}
			n.memberOf[port][g] = struct{}{}
		}
	}
	return g.value
}

func (n *Network) related(g *portGroup) (ports []string) {
	for _, port := range g.row.Ports {
		if n.local.Related(port) {
			ports = append(ports, port)
		}
	}
	return ports
}

// relate brings the groups that a port is in up to date with whether it is related.
func (n *Network) relate(port string) {
	for g := range n.memberOf[port] {
		if now := expr.NewPortGroup(n.related(g)); !slices.Equal(now.Values, g.value.Values) {
			g.value = now
			n.touch(compiler.PortGroup, g.row.Name)
		}
	}
}
