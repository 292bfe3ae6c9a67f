package apply

import (
	"maps"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
)

// Ports are the names of the switch's ports by number, real ports only.
type Ports map[uint32]string

// PortMemory keeps Ports over restarts of the host.
type PortMemory interface {
	// Load returns what was saved last; nil if nothing was.
	Load() Ports
	// Save takes over ports, which nobody changes any more. It must not block.
	Save(ports Ports)
}

// noMemory is the PortMemory of a host that keeps no state.
type noMemory struct{}

func (noMemory) Load() Ports { return nil }
func (noMemory) Save(Ports)  {}

// watchPorts asks for the ports, and to be told when they change, or when others change groups or meters, and goes on with done. A
// port number that is gone, or another port's, since it was seen last must not pass flows on that nobody stands by: a new VM must
// not inherit the old one's identity.
func (l *Loop) watchPorts(done func()) {
	l.write(l.lanes.first(), openflow.AppendSetAsync(nil, l.lanes.first().conn.NextXID(),
		openflow.Async{
			PortStatus:     openflow.AsyncAllPortStatus,
			RequestForward: openflow.ForwardGroupMods | openflow.ForwardMeterMods,
		}))
	found := make(Ports)
	l.ask(func(b []byte, xid uint32) []byte {
		return openflow.AppendPortDescRequest(b, xid, openflow.PortAny)
	}, l.whole(func(m swconn.Message) {
		for p, err := range openflow.PortDescs(m.Data) {
			if err == nil && p.Number < openflow.PortMax {
				found[p.Number] = p.Name
			}
		}
	}, func() { l.comparePorts(found); done() }, l.dumpFailed))
}

// comparePorts notes which numbers are not what they were: the table is told when it knows what the switch holds.
func (l *Loop) comparePorts(found Ports) {
	for number, name := range l.ports {
		if found[number] != name {
			l.sw.portsGone = append(l.sw.portsGone, number)
		}
	}
	changed := !maps.Equal(l.ports, found)
	if l.ports = found; changed {
		l.savePorts()
	}
}

// tellPortsGone tells the table what was found out before it could be told.
func (l *Loop) tellPortsGone() {
	for _, number := range l.sw.portsGone {
		l.table.PortGone(number, l.now())
	}
	l.sw.portsGone = nil
}

// portStatus takes the switch's word that a port came, went or was renamed.
func (l *Loop) portStatus(m swconn.Message) {
	s, err := openflow.ParsePortStatus(m.Data)
	if err != nil || s.Port.Number >= openflow.PortMax {
		return
	}
	number, before := s.Port.Number, l.ports[s.Port.Number]
	switch {
	case s.Reason == openflow.PortDeleted:
		delete(l.ports, number)
	case before == s.Port.Name:
		return
	default:
		l.ports[number] = s.Port.Name
	}
	l.savePorts()
	if before == "" {
		return // it was free: there is nothing to inherit
	}
	l.sw.portsGone = append(l.sw.portsGone, number)
	if l.sw.phase >= Adopting {
		l.tellPortsGone()
	}
}

// savePorts has the ports remembered; not before the table was told which are gone: a host that ends before that finds out anew.
func (l *Loop) savePorts() {
	if l.sw.phase < Adopting {
		l.sw.portsUnsaved = true
		return
	}
	l.sw.portsUnsaved = false
	l.memory.Save(maps.Clone(l.ports))
}
