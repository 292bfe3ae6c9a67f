// Package ports knows the ports of all bridges of the local Open vSwitch, for duties that make some and take them away.
package ports

import (
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// Tables are what Ports are to be fed with.
func Tables() []ovsdb.Table {
	return []ovsdb.Table{
		{Name: vswitch.BridgeTable, Columns: []string{"name", "ports"}},
		{Name: vswitch.PortTable, Columns: []string{"name", "interfaces", "external_ids"}},
		{Name: vswitch.InterfaceTable, Columns: []string{"name", "type", "options"}},
	}
}

// Ports are the ports of all bridges. New makes them; they belong to one goroutine.
type Ports struct {
	bridges    map[string]*vswitch.Bridge // by UUID
	named      map[string]string          // UUIDs of bridges by their names
	rows       map[string]*vswitch.Port
	interfaces map[string]*vswitch.Interface
	on         map[string]string // a port's bridge, by UUIDs
	of         map[string]string // an interface's port
	names      map[string]int    // of ports and interfaces: how many have one
	changed    func(*vswitch.Port)
}

// New makes Ports that know of none. changed is told of each port that has changed, or whose interfaces or bridge have: as it was and as
// it is now, if it was and is.
func New(changed func(*vswitch.Port)) *Ports {
	return &Ports{
		bridges:    map[string]*vswitch.Bridge{},
		named:      map[string]string{},
		rows:       map[string]*vswitch.Port{},
		interfaces: map[string]*vswitch.Interface{},
		on:         map[string]string{},
		of:         map[string]string{},
		names:      map[string]int{},
		changed:    changed,
	}
}

// Change takes in the change of a row. Those of other tables do not matter.
func (p *Ports) Change(c ovsdb.Change) {
	id := c.UUID.String()
	switch row := either(c).(type) {
	case *vswitch.Bridge:
		old, new := both[vswitch.Bridge](c)
		p.setBridge(id, old, new)
	case *vswitch.Port:
		old, new := both[vswitch.Port](c)
		p.setPort(id, old, new)
	case *vswitch.Interface:
		old, new := both[vswitch.Interface](c)
		if old != nil {
			p.count(old.Name, -1)
		}
		if put(p.interfaces, id, new); new != nil {
			p.count(new.Name, 1)
		}
		p.tell(p.of[row.UUID])
	}
}

func either(c ovsdb.Change) ovsdb.Model {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

// both gives the rows of a change their type; nil for none.
func both[T any](c ovsdb.Change) (old, new *T) {
	old, _ = c.Old.(*T)
	new, _ = c.New.(*T)
	return old, new
}

func put[T any](rows map[string]*T, id string, row *T) {
	if row == nil {
		delete(rows, id)
	} else {
		rows[id] = row
	}
}

// A name, or what a row belongs to, may pass from one row to another in one batch, whose changes come in any order: so it is taken from
// a row only while it is still its own.

func (p *Ports) setBridge(id string, old, new *vswitch.Bridge) {
	put(p.bridges, id, new)
	touched := map[string]bool{}
	if old != nil {
		release(p.named, old.Name, id)
		for _, port := range old.Ports {
			release(p.on, port, id)
			touched[port] = true
		}
	}
	if new != nil {
		p.named[new.Name] = id
		for _, port := range new.Ports {
			p.on[port] = id
			touched[port] = !touched[port]
		}
	}
	for port, is := range touched {
		if is {
			p.tell(port)
		}
	}
}

func (p *Ports) setPort(id string, old, new *vswitch.Port) {
	put(p.rows, id, new)
	if old != nil {
		p.count(old.Name, -1)
		for _, i := range old.Interfaces {
			release(p.of, i, id)
		}
		p.changed(old)
	}
	if new != nil {
		p.count(new.Name, 1)
		for _, i := range new.Interfaces {
			p.of[i] = id
		}
		p.changed(new)
	}
}

func release(owners map[string]string, of, id string) {
	if owners[of] == id {
		delete(owners, of)
	}
}

func (p *Ports) count(name string, more int) {
	if p.names[name] += more; p.names[name] == 0 {
		delete(p.names, name)
	}
}

func (p *Ports) tell(id string) {
	if row := p.rows[id]; row != nil {
		p.changed(row)
	}
}

// Bridge is the UUID of a bridge by its name; "" if there is none.
func (p *Ports) Bridge(name string) string { return p.named[name] }

// On is the UUID of the bridge that a port belongs to; "" if it belongs to none.
func (p *Ports) On(port string) string { return p.on[port] }

// Port is a port by its UUID; nil if there is none.
func (p *Ports) Port(id string) *vswitch.Port { return p.rows[id] }

// Taken says whether a port or an interface has this name. Among either kind, no two can have the same.
func (p *Ports) Taken(name string) bool { return p.names[name] > 0 }

// Interface is the interface of a port that has only one; nil if it has another number of them.
func (p *Ports) Interface(port *vswitch.Port) *vswitch.Interface {
	if len(port.Interfaces) != 1 {
		return nil
	}
	return p.interfaces[port.Interfaces[0]]
}

// Interfaces are the interfaces of a port.
func (p *Ports) Interfaces(port *vswitch.Port) (list []*vswitch.Interface) {
	for _, id := range port.Interfaces {
		if i := p.interfaces[id]; i != nil {
			list = append(list, i)
		}
	}
	return list
}
