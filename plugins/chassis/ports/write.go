package ports

import (
	"maps"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// Wanted is a port with one interface, which has the port's name.
type Wanted struct {
	Name        string
	Type        string // Interface:type
	Options     map[string]string
	BFD         map[string]string
	ExternalIDs map[string]string // of the Port
}

// Insert makes the port on a bridge, by the UUID of its row.
func (w Wanted) Insert(bridge string) []ovsdb.Operation {
	port, iface := duty.Name("port", w.Name), duty.Name("interface", w.Name)
	columns := libovsdb.Row{"name": w.Name, "type": w.Type, "options": duty.Map(w.Options)}
	if len(w.BFD) > 0 {
		columns["bfd"] = duty.Map(w.BFD)
	}
	return []ovsdb.Operation{
		duty.Insert(vswitch.InterfaceTable, iface, columns),
		duty.Insert(vswitch.PortTable, port, libovsdb.Row{
			"name": w.Name, "interfaces": duty.Ref(iface), "external_ids": duty.Map(w.ExternalIDs)}),
		mutatePorts(bridge, libovsdb.MutateOperationInsert, port),
	}
}

// Update gives an interface what it lacks to be as wanted, in its place: while its port stays, so do its number and the packets on
// their way. nil: it lacks nothing.
func (w Wanted) Update(i *vswitch.Interface) []ovsdb.Operation {
	columns := libovsdb.Row{}
	if i.Type != w.Type {
		columns["type"] = w.Type
	}
	if !maps.Equal(i.Options, w.Options) {
		columns["options"] = duty.Map(w.Options)
	}
	if !maps.Equal(i.BFD, w.BFD) {
		columns["bfd"] = duty.Map(w.BFD)
	}
	if len(columns) == 0 {
		return nil
	}
	return []ovsdb.Operation{duty.Update(vswitch.InterfaceTable, i.UUID, columns)}
}

// Remove takes a port away from its bridge. The row goes then, and its interfaces': nothing else refers to them.
func (p *Ports) Remove(port string) []ovsdb.Operation {
	return []ovsdb.Operation{mutatePorts(p.on[port], libovsdb.MutateOperationDelete, port)}
}

func mutatePorts(bridge string, how libovsdb.Mutator, port string) ovsdb.Operation {
	return duty.Mutate(vswitch.BridgeTable, bridge, *libovsdb.NewMutation("ports", how, duty.Refs(port)))
}
